#include "kernels/attention_gradient.h"
#include "kernels/bf16_vector.h"

namespace manyshot::kernels {

#if defined(__x86_64__)

namespace {

struct Differentiated {
  __m512 weight, gradient;
};

MANYSHOT_BF16_TARGET inline Differentiated differentiate(const WeightGradients<BFloat16>& in, size_t row, size_t column,
                                                         __mmask16 kept) {
  const size_t at = row * kKeyTile + column;
  const __m512 score = _mm512_sub_ps(_mm512_load_ps(in.scores + at), _mm512_set1_ps(in.log_sums[row]));
  const __m512 weight = _mm512_maskz_mov_ps(kept, exp2(score));
  const __m512 slope = _mm512_sub_ps(_mm512_load_ps(in.weight_gradients + at), _mm512_set1_ps(in.dots[row]));
  return {weight, _mm512_maskz_mul_ps(kept, weight, slope)};
}

// 16 values of an even row and of the odd row behind it, interleaved.
MANYSHOT_BF16_TARGET inline __m512i interleave(__m256bh even, __m256bh odd) {
  const __m512i low = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(even));
  const __m512i high = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(odd));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

MANYSHOT_BF16_TARGET inline void store(__m256bh values, BFloat16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(values));
}

}  // namespace

MANYSHOT_BF16_TARGET void differentiate_weights(const WeightGradients<BFloat16>& in, size_t num_rows) {
  const size_t stride = round_up(num_rows, 2);
  for (size_t row = 0; row < stride; row += 2) {
    const bool has_odd = row + 1 < num_rows;
    const size_t odd_row = has_odd ? row + 1 : row, odd_visible = has_odd ? in.visible[odd_row] : 0;
    for (size_t column = 0; column < kKeyTile; column += kPanelWidth) {
      const Differentiated even = differentiate(in, row, column, lanes_below(column, in.visible[row]));
      const Differentiated odd = differentiate(in, odd_row, column, lanes_below(column, odd_visible));
      const __m256bh even_gradient = _mm512_cvtneps_pbh(even.gradient), odd_gradient = _mm512_cvtneps_pbh(odd.gradient);
      const size_t to = column * stride + row * kPanelWidth;
      _mm512_storeu_si512(in.weights + to, interleave(_mm512_cvtneps_pbh(even.weight), _mm512_cvtneps_pbh(odd.weight)));
      _mm512_storeu_si512(in.score_panels + to, interleave(even_gradient, odd_gradient));
      store(even_gradient, in.score_rows + row * kKeyTile + column);
      if (has_odd) store(odd_gradient, in.score_rows + (row + 1) * kKeyTile + column);
    }
  }
}

#else

void differentiate_weights(const WeightGradients<BFloat16>&, size_t) { fail_without_bf16(); }

#endif

}  // namespace manyshot::kernels
