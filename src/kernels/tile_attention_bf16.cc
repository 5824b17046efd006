#include "kernels/bf16_vector.h"
#include "kernels/tile_attention.h"

namespace manyshot::kernels {

#if defined(__x86_64__)

namespace {

constexpr size_t kRowsAtOnce = 6;
constexpr size_t kKeyPanels = kKeyTile / kPanelWidth;

// Scores of one query into bf16 weights relative to the largest score so far. Returns the factor for what was summed
// before.
MANYSHOT_BF16_TARGET inline __m512 weigh(__m512 (&scores)[kKeyPanels], size_t visible, float* highest, float* totals,
                                         BFloat16* weights) {
  if (visible < kKeyTile) {
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kKeyPanels; ++p) {
      scores[p] =
          _mm512_mask_blend_ps(lanes_below(p * kPanelWidth, visible), _mm512_set1_ps(-__builtin_inff()), scores[p]);
    }
  }
  const float most =
      _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(scores[0], scores[1]), _mm512_max_ps(scores[2], scores[3])));
  const float before = *highest, now = most > before ? most : before;
  *highest = now;
  const __m512 factor = exp2(_mm512_set1_ps(before - now));
  MANYSHOT_UNROLL
  for (size_t p = 0; p < kKeyPanels; ++p) scores[p] = exp2(_mm512_sub_ps(scores[p], _mm512_set1_ps(now)));
  const __m512 sum = _mm512_add_ps(_mm512_add_ps(scores[0], scores[1]), _mm512_add_ps(scores[2], scores[3]));
  _mm512_storeu_ps(totals, _mm512_fmadd_ps(_mm512_loadu_ps(totals), factor, sum));
  MANYSHOT_UNROLL
  for (size_t p = 0; p < kKeyPanels; p += 2) {
    _mm512_storeu_si512(weights + p * kPanelWidth,
                        reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(scores[p + 1], scores[p])));
  }
  return factor;
}

// sums[row] = sums[row] * factors[row] + weights[row] V, for kPanels panels of the values.
template <size_t kRows, size_t kPanels>
MANYSHOT_BF16_TARGET inline void add_values(const BFloat16* weights, const __m512 (&factors)[kRows],
                                            const Panels<BFloat16>& values, float* sums, size_t head_dim) {
  __m512 added[kRows][kPanels];
  multiply({weights, kKeyTile, 1}, values, values.data, added);
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kRows; ++row) {
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) {
      float* to = sums + row * head_dim + p * kPanelWidth;
      _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_loadu_ps(to), factors[row], added[row][p]));
    }
  }
}

template <size_t kRows>
MANYSHOT_BF16_TARGET inline void attend_rows(const RunningAttention<BFloat16>& rows, size_t head_dim,
                                             const BFloat16* tile, const uint8_t* visible) {
  alignas(kCacheLineBytes) BFloat16 weights[kRows * kKeyTile];
  __m512 factors[kRows];
  {
    __m512 scores[kRows][kKeyPanels];
    const Panels<BFloat16> keys = KeyValueTile<BFloat16>::keys(tile, head_dim);
    multiply({rows.queries, head_dim, 1}, keys, keys.data, scores);
    MANYSHOT_UNROLL
    for (size_t row = 0; row < kRows; ++row) {
      factors[row] = weigh(scores[row], visible[row], rows.highest + row, rows.totals + row * kPanelWidth,
                           weights + row * kKeyTile);
    }
  }
  const Panels<BFloat16> values = KeyValueTile<BFloat16>::values(tile, head_dim);
  size_t panel = 0;
  for (; panel + 4 <= values.num_panels; panel += 4) {
    add_values<kRows, 4>(weights, factors, values.range(panel, panel + 4), rows.sums + panel * kPanelWidth, head_dim);
  }
  for (; panel < values.num_panels; ++panel) {
    add_values<kRows, 1>(weights, factors, values.range(panel, panel + 1), rows.sums + panel * kPanelWidth, head_dim);
  }
}

template <size_t kRows>
MANYSHOT_BF16_TARGET inline void attend_last_rows(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim,
                                                  const BFloat16* tile, const uint8_t* visible) {
  if constexpr (kRows > 0) {
    if (M == kRows) return attend_rows<kRows>(rows, head_dim, tile, visible);
    attend_last_rows<kRows - 1>(rows, M, head_dim, tile, visible);
  }
}

}  // namespace

MANYSHOT_BF16_TARGET void attend_tile(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim,
                                      const BFloat16* tile, const uint8_t* visible) {
  size_t row = 0;
  for (; row + kRowsAtOnce <= M; row += kRowsAtOnce) {
    attend_rows<kRowsAtOnce>(rows.from(row, head_dim), head_dim, tile, visible + row);
  }
  attend_last_rows<kRowsAtOnce - 1>(rows.from(row, head_dim), M - row, head_dim, tile, visible + row);
}

#else

void attend_tile(const RunningAttention<BFloat16>&, size_t, size_t, const BFloat16*, const uint8_t*) {
  fail_without_bf16();
}

#endif

}  // namespace manyshot::kernels
