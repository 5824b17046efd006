#include <algorithm>

#include "kernels/gemm.h"

namespace manyshot::kernels {

template <class T>
PackedMatrix<T>::PackedMatrix(size_t num_outputs, size_t num_inputs)
    : data_(round_up(num_outputs, kPanelWidth) * round_up(num_inputs, 2)) {
  const size_t K = round_up(num_inputs, 2);
  panels_ = {data_.data(), K, round_up(num_outputs, kPanelWidth) / kPanelWidth, kPanelWidth, K * kPanelWidth};
}

template <class T>
PackedMatrix<T>::PackedMatrix(std::span<const float> weight, size_t num_outputs, size_t num_inputs)
    : PackedMatrix(num_outputs, num_inputs) {
  set_rows(0, weight.first(num_outputs * num_inputs), num_inputs);
}

template <class T>
void PackedMatrix<T>::set_rows(size_t first_output, std::span<const float> rows, size_t row_width) {
  for (size_t row = 0; row < rows.size() / row_width; ++row) {
    T* to = data_.data() + row_begin(first_output + row);
    const float* from = rows.data() + row * row_width;
    for (size_t k = 0; k < row_width; ++k) to[offset(k)] = T(from[k]);
  }
}

template <class T>
void PackedMatrix<T>::get_row(size_t output, size_t width, float* row) const {
  const T* from = data_.data() + row_begin(output);
  for (size_t k = 0; k < width; ++k) row[k] = static_cast<float>(from[offset(k)]);
}

template class PackedMatrix<float>;
template class PackedMatrix<BFloat16>;

}  // namespace manyshot::kernels
