// Matrix products of the decoder: C [M, N] = A [M, K] B [K, N], B in panels of 16 columns.
//
// Every element of C is one chain of fused multiply-adds over k in increasing order (f32), or of pairs of products over
// k, k + 1 (bf16), whatever M, the row's place and the tile it falls in: a row's result never depends on the rows
// beside it. The f32 chain gives the same bits on every processor with fused multiply-add (AVX2, AVX-512, NEON).
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

inline constexpr size_t kPanelWidth = 16;

constexpr size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// Element (k, column) of B stands at data[column / 16 * panel_stride + k * row_stride + column % 16]; in bf16, rows k
// and k + 1 (k even) are interleaved: data[column / 16 * panel_stride + k * row_stride + column % 16 * 2 + k % 2], with
// row_stride 16 and K even.
template <class T>
struct Panels {
  const T* data = nullptr;
  size_t num_rows = 0;    // K
  size_t num_panels = 0;  // N / 16
  size_t row_stride = kPanelWidth;
  size_t panel_stride = 0;

  Panels range(size_t first, size_t last) const {
    return {data + first * panel_stride, num_rows, last - first, row_stride, panel_stride};
  }
};

// A weight matrix W [N, K] (row-major, as checkpoints store it) packed once so that gemm computes x W^T. N is padded
// with zero columns to a multiple of 16, K with a zero row to a multiple of 2.
template <class T>
class PackedMatrix {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, BFloat16>);

 public:
  PackedMatrix() = default;
  PackedMatrix(std::span<const float> weight, size_t num_outputs, size_t num_inputs);
  // All zero, to be filled by set_rows().
  PackedMatrix(size_t num_outputs, size_t num_inputs);
  // Packs rows first_output, first_output + 1, … of W from `rows` [count, row_width]; columns beyond row_width stay as
  // they are. Safe from several threads for different rows. REQUIRES: row_width <= num_inputs.
  void set_rows(size_t first_output, std::span<const float> rows, size_t row_width);
  // Row `output` of W, its first `width` values (of T's precision).
  void get_row(size_t output, size_t width, float* row) const;
  const Panels<T>& panels() const { return panels_; }
  size_t num_bytes() const { return data_.size() * sizeof(T); }
  Panels<T> panels(size_t first, size_t last) const { return panels_.range(first, last); }

 private:
  // Where row `output` of W begins, and where its value k stands from there.
  static constexpr size_t kInterleaved = std::is_same_v<T, BFloat16> ? 2 : 1;
  size_t row_begin(size_t output) const {
    return output / kPanelWidth * panels_.panel_stride + output % kPanelWidth * kInterleaved;
  }
  static constexpr size_t offset(size_t k) { return k / kInterleaved * kInterleaved * kPanelWidth + k % kInterleaved; }

  AlignedBuffer<T> data_;
  Panels<T> panels_;
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<BFloat16>;

enum class Store { kOverwrite, kAdd };  // kAdd: C += the finished sum

// A: M rows of K values; C: M rows of 16 * num_panels values.
void gemm(Rows<const float> a, size_t M, const Panels<float>& b, Rows<float> c, Store store);

// Products of bf16 pairs, summed in f32 by VDPBF16PS (denormals count as zero).
// REQUIRES: has_bf16(simd_level()); A readable to an even K.
void gemm(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, Rows<float> c, Store store);

}  // namespace manyshot::kernels
