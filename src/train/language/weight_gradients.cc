#include "train/language/weight_gradients.h"

#include <algorithm>
#include <vector>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/elementwise.h"
#include "kernels/outer_gemm.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::kPanelWidth;
using kernels::outer_gemm;
using kernels::pack_rows;
using kernels::packed_rows_size;
using kernels::Panels;
using kernels::round_up;
using kernels::Store;

namespace {

constexpr size_t kColumnsAtOnce = 4 * kPanelWidth;

// As pack_rows(), by all threads.
template <class T>
Panels<T> pack_all(const T* rows, size_t num_rows, size_t width, T* to) {
  const size_t count = (width + kColumnsAtOnce - 1) / kColumnsAtOnce, stride = packed_rows_size(num_rows, kPanelWidth);
  parallel_for(count, [&](size_t i, int) {
    const size_t first = i * kColumnsAtOnce, columns = std::min(kColumnsAtOnce, width - first);
    pack_rows({rows + first, width}, num_rows, columns, to + first / kPanelWidth * stride);
  });
  return {to, round_up(num_rows, 2), width / kPanelWidth, kPanelWidth, stride};
}

}  // namespace

template <class T>
void add_weight_gradients(TrainedNetwork<T>& network, size_t layer, size_t site, size_t num_tokens,
                          PassMemory<T>& memory) {
  const SiteShape& shape = network.sites()[site];
  const Panels<T> inputs =
      pack_all(memory.site_inputs[site].data(), num_tokens, shape.input_width, memory.packed_inputs.data());
  const Panels<T> gradients =
      pack_all(memory.site_gradients[site].data(), num_tokens, shape.num_outputs, memory.packed_gradients.data());
  for (size_t m = 0; m < shape.modules.size(); ++m) {
    const SiteModule& module = shape.modules[m];
    float* to = network.store()[network.numbers().layers[layer].weights[site][m]].gradient.data();
    // kSwigluTile rows of the module stand together in the site's matrix, and begin at a panel.
    parallel_for((module.num_outputs + kSwigluTile - 1) / kSwigluTile, [&](size_t tile, int) {
      check_interrupted();
      const size_t row = tile * kSwigluTile, count = std::min(kSwigluTile, module.num_outputs - row),
                   panel = module.site_row(row) / kPanelWidth;
      std::vector<float> sums(count * shape.input_width);
      outer_gemm(gradients.range(panel, panel + round_up(count, kPanelWidth) / kPanelWidth), count, inputs,
                 {sums.data(), shape.input_width}, Store::kOverwrite);
      for (size_t i = 0; i < count; ++i) {
        const float* from = sums.data() + i * shape.input_width;
        float* gradient = to + (row + i) * shape.num_inputs;
        for (size_t column = 0; column < shape.num_inputs; ++column) gradient[column] += from[column];
      }
    });
  }
}

template void add_weight_gradients(TrainedNetwork<float>&, size_t, size_t, size_t, PassMemory<float>&);
template void add_weight_gradients(TrainedNetwork<BFloat16>&, size_t, size_t, size_t, PassMemory<BFloat16>&);

}  // namespace manyshot::train
