// Attention over long contexts: queries meet keys and values tile by tile, with a running softmax (Dao et al. 2022,
// "FlashAttention").
//
// A tile holds kKeyTile consecutive tokens, and tiles start at multiples of kKeyTile from the beginning of the text. A
// query that takes its tiles in increasing order gets bits that depend on the keys it sees only: not on the queries
// beside it, nor on what else its last tile holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

inline constexpr size_t kKeyTile = 64;

// Keys and values of one key head in one tile, T float or BFloat16: the keys as columns of [head_dim, kKeyTile], behind
// them the values as rows of [kKeyTile, head_dim], both in panels (gemm.h). Places that no token has taken yet must
// hold finite numbers. REQUIRES everywhere: head_dim a multiple of 16.
template <class T>
struct KeyValueTile {
  static constexpr size_t size(size_t head_dim) { return 2 * kKeyTile * head_dim; }
  static Panels<T> keys(const T* tile, size_t head_dim);
  static Panels<T> values(const T* tile, size_t head_dim);
  // Writes the key and the value [head_dim] of the tile's token `place`. Safe from several threads for different
  // places, beside copy_places() too.
  static void set(T* tile, size_t head_dim, size_t place, const float* key, const float* value);
  // Places 0 .. count - 1 of one tile into another.
  static void copy_places(const T* from, size_t head_dim, size_t count, T* to);
};

extern template struct KeyValueTile<float>;
extern template struct KeyValueTile<BFloat16>;

// Queries of one head group in the middle of their running softmax. Queries arrive scaled by kQueryScaleBase /
// sqrt(head_dim), so that weights are powers of two.
template <class T>
struct RunningAttention {
  const T* queries;  // [M, head_dim]
  float* sums;       // [M, head_dim], weighted values
  float* highest;    // [M], largest score so far
  float* totals;     // [M, 16], partial sums of the weights

  RunningAttention from(size_t row, size_t head_dim) const {
    return {queries + row * head_dim, sums + row * head_dim, highest + row, totals + row * kPanelWidth};
  }
};

inline constexpr float kQueryScaleBase = 1.44269504f;  // log2(e)

// Before the first tile.
void start_attention(const RunningAttention<float>& rows, size_t M, size_t head_dim);
void start_attention(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim);

// Adds a tile, of which query m sees the first visible[m] tokens. REQUIRES: 1 <= visible[m] <= kKeyTile; for BFloat16,
// has_bf16(simd_level()).
void attend_tile(const RunningAttention<float>& rows, size_t M, size_t head_dim, const float* tile,
                 const uint8_t* visible);
void attend_tile(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim, const BFloat16* tile,
                 const uint8_t* visible);

// out[m]: the weighted mean of the values that query m has seen.
void finish_attention(const RunningAttention<float>& rows, size_t M, size_t head_dim, Rows<float> out);
void finish_attention(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim, Rows<BFloat16> out);

}  // namespace manyshot::kernels
