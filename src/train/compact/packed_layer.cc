#include "train/compact/packed_layer.h"

#include <vector>

#include "kernels/outer_gemm.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::kPanelWidth;
using kernels::pack_columns;
using kernels::pack_rows;
using kernels::packed_columns_size;
using kernels::packed_rows_size;
using kernels::Panels;

template <class T>
TrainedMatrix<T>::TrainedMatrix(size_t num_outputs, size_t num_inputs)
    : num_outputs_(num_outputs),
      num_inputs_(num_inputs),
      columns_(packed_columns_size(num_outputs, num_inputs)),
      rows_(packed_rows_size(num_outputs, num_inputs)) {}

template <class T>
void TrainedMatrix<T>::renew(const float* weight, float scale) {
  std::vector<T> scaled(num_outputs_ * num_inputs_);
  for (size_t i = 0; i < scaled.size(); ++i) scaled[i] = T(scale * weight[i]);
  forward_ = pack_columns({scaled.data(), num_inputs_}, num_outputs_, num_inputs_, columns_.data());
  backward_ = pack_rows({scaled.data(), num_inputs_}, num_outputs_, num_inputs_, rows_.data());
}

template <class T>
Panels<T> TrainedMatrix<T>::backward_outputs(size_t first, size_t count) const {
  return {backward_.data + first * kPanelWidth, count, backward_.num_panels, backward_.row_stride,
          backward_.panel_stride};
}

template <class T>
TrainedLayer<T>::TrainedLayer(const NetworkShape& shape)
    : qkv(shape.qkv_width, shape.D),
      o(shape.D, shape.query_width()),
      gate_up(2 * shape.intermediate, shape.D),
      down(shape.D, shape.intermediate) {}

template <class T>
void TrainedLayer<T>::renew(const CompactParameters& parameters, const LayerPlaces& places, float output_scale) {
  input_norm = parameters.value(places.input_norm);
  post_attention_norm = parameters.value(places.post_attention_norm);
  qkv.renew(parameters.value(places.qkv), 1);
  o.renew(parameters.value(places.o), output_scale);
  gate_up.renew(parameters.value(places.gate_up), 1);
  down.renew(parameters.value(places.down), output_scale);
}

template class TrainedMatrix<float>;
template class TrainedMatrix<BFloat16>;
template struct TrainedLayer<float>;
template struct TrainedLayer<BFloat16>;

}  // namespace manyshot::train
