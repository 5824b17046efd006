#include "kernels/transposed_matrix.h"

#include <algorithm>
#include <vector>

#include "kernels/panel_layout.h"

namespace manyshot::kernels {

template <class T>
PackedMatrix<T> transposed(const PackedMatrix<T>& weight, size_t num_outputs, size_t num_inputs) {
  constexpr size_t kRowsAtOnce = 64;
  PackedMatrix<T> result(num_inputs, num_outputs);
  const Panels<T>& from = weight.panels();
  std::vector<float> rows(kRowsAtOnce * num_outputs);
  for (size_t first = 0; first < num_inputs; first += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, num_inputs - first);
    for (size_t output = 0; output < num_outputs; ++output) {
      for (size_t i = 0; i < count; ++i) {
        rows[i * num_outputs + output] =
            static_cast<float>(from.data[panel_offset<T>(from.num_rows, first + i, output)]);
      }
    }
    result.set_rows(first, std::span<const float>(rows).first(count * num_outputs), num_outputs);
  }
  return result;
}

template PackedMatrix<float> transposed(const PackedMatrix<float>&, size_t, size_t);
template PackedMatrix<BFloat16> transposed(const PackedMatrix<BFloat16>&, size_t, size_t);

}  // namespace manyshot::kernels
