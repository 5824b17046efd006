// Where the elements of panels (gemm.h) stand, for code that fills them.
#pragma once

#include <cstddef>
#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"

namespace manyshot::kernels {

// So many rows of a panel are interleaved.
template <class T>
inline constexpr size_t kInterleavedRows = std::is_same_v<T, BFloat16> ? 2 : 1;

// Element (row, column) of whole panels of num_rows rows.
template <class T>
constexpr size_t panel_offset(size_t num_rows, size_t row, size_t column) {
  constexpr size_t n = kInterleavedRows<T>;
  return column / kPanelWidth * num_rows * kPanelWidth + row / n * n * kPanelWidth + column % kPanelWidth * n + row % n;
}

}  // namespace manyshot::kernels
