#include "kernels/summary_softmax.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/summary_softmax.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

HWY_INLINE void add_scaled(float factor, const float* x, size_t width, float* to) {
  const Floats d;
  for (size_t i = 0; i < width; i += kFloatLanes) {
    hn::StoreU(hn::MulAdd(hn::Set(d, factor), hn::LoadU(d, x + i), hn::LoadU(d, to + i)), d, to + i);
  }
}

HWY_INLINE float exp_of(float x) { return hn::GetLane(exp_f32(Floats(), hn::Set(Floats(), x))); }

template <class T>
HWY_INLINE void softmax_rows(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in,
                             const float* scores, T* weights, float* own, float* inverse, float* log_sums,
                             size_t log_stride) {
  const Floats d;
  for (size_t m = 0; m < tile.count; ++m, scores += tile.padded, weights += tile.padded, own += kOwnScores) {
    const size_t token = tile.first + m, visible = tokens.visible_labels(token);
    const size_t first = tokens.own_first(token), num_own = token + 1 - first;
    float highest = hn::GetLane(hn::MaxOfLanes(d, lane_maxima(scores, visible)));
    for (size_t key = 0; key < num_own; ++key) {
      own[key] = dot_product(in.q + token * in.q_stride, in.k + (first + key) * in.kv_stride, in.head_dim);
      highest = std::max(highest, own[key]);
    }
    float sum = for_weights(scores, hn::Set(d, highest), visible, tile.width(),
                            [&](size_t i, FloatVec weight) HWY_ATTR { store(d, weight, weights + i); });
    for (size_t key = 0; key < num_own; ++key) sum += own[key] = exp_of(own[key] - highest);
    inverse[m] = 1.0f / sum;
    log_sums[token * log_stride] = highest + std::log(sum);
  }
}

template <class T>
HWY_INLINE void finish_rows(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* sums,
                            const float* own, const float* inverse, T* out, size_t out_stride) {
  const Floats d;
  for (size_t m = 0; m < tile.count; ++m, sums += in.head_dim, own += kOwnScores) {
    const size_t token = tile.first + m, first = tokens.own_first(token);
    for (size_t i = 0; i < in.head_dim; i += kFloatLanes) {
      FloatVec sum = hn::LoadU(d, sums + i);
      for (size_t key = first; key <= token; ++key) {
        sum = hn::MulAdd(hn::Set(d, own[key - first]), hn::LoadU(d, in.v + key * in.kv_stride + i), sum);
      }
      store(d, hn::Mul(sum, hn::Set(d, inverse[m])), out + token * out_stride + i);
    }
  }
}

template <class T>
HWY_INLINE void output_dot_rows(size_t num_tokens, size_t head_dim, const float* dout, size_t dout_stride, const T* out,
                                size_t out_stride, float* sums, size_t sum_stride) {
  for (size_t token = 0; token < num_tokens; ++token) {
    sums[token * sum_stride] = dot_product(dout + token * dout_stride, out + token * out_stride, head_dim);
  }
}

template <class T>
HWY_INLINE void softmax_gradient_rows(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in,
                                      const float* scores, const float* dweights, const float* log_sums,
                                      const float* deltas, size_t stride, const float* dout, size_t dout_stride,
                                      T* weights, T* dscores, float* own) {
  const Floats d;
  for (size_t m = 0; m < tile.count; ++m, own += kOwnScores) {
    const size_t token = tile.first + m, visible = tokens.visible_labels(token), row = m * tile.padded;
    const float log_sum = log_sums[token * stride], delta = deltas[token * stride];
    for (size_t i = 0; i < tile.width(); i += kFloatLanes) {
      const FloatVec weight = hn::IfThenElseZero(
          lanes_below(i, visible), exp_f32(d, hn::Sub(hn::LoadU(d, scores + row + i), hn::Set(d, log_sum))));
      store(d, weight, weights + row + i);
      store(d, hn::Mul(weight, hn::Sub(hn::LoadU(d, dweights + row + i), hn::Set(d, delta))), dscores + row + i);
    }
    const size_t first = tokens.own_first(token);
    for (size_t key = first; key <= token; ++key) {
      const float score = dot_product(in.q + token * in.q_stride, in.k + key * in.kv_stride, in.head_dim);
      const float weight = exp_of(score - log_sum);
      own[key - first] = weight;
      own[2 + key - first] =
          weight * (dot_product(dout + token * dout_stride, in.v + key * in.kv_stride, in.head_dim) - delta);
    }
  }
}

void own_gradient_rows(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* dout,
                       size_t dout_stride, const float* own, const AttentionGradient& gradient) {
  for (size_t m = 0; m < tile.count; ++m, own += kOwnScores) {
    const size_t token = tile.first + m, first = tokens.own_first(token);
    for (size_t key = first; key <= token; ++key) {
      const float weight = own[key - first], dscore = own[2 + key - first];
      add_scaled(dscore, in.k + key * in.kv_stride, in.head_dim, gradient.q + token * gradient.q_stride);
      add_scaled(dscore, in.q + token * in.q_stride, in.head_dim, gradient.k + key * gradient.kv_stride);
      add_scaled(weight, dout + token * dout_stride, in.head_dim, gradient.v + key * gradient.kv_stride);
    }
  }
}

// One entry per type, for the dispatch tables.
#define MANYSHOT_SUMMARY_ENTRIES(T, suffix)                                                                            \
  void softmax_##suffix(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* scores, \
                        T* weights, float* own, float* inverse, float* log_sums, size_t log_stride) {                  \
    softmax_rows(tokens, tile, in, scores, weights, own, inverse, log_sums, log_stride);                               \
  }                                                                                                                    \
  void finish_##suffix(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* sums,    \
                       const float* own, const float* inverse, T* out, size_t out_stride) {                            \
    finish_rows(tokens, tile, in, sums, own, inverse, out, out_stride);                                                \
  }                                                                                                                    \
  void dots_##suffix(size_t num_tokens, size_t head_dim, const float* dout, size_t dout_stride, const T* out,          \
                     size_t out_stride, float* sums, size_t sum_stride) {                                              \
    output_dot_rows(num_tokens, head_dim, dout, dout_stride, out, out_stride, sums, sum_stride);                       \
  }                                                                                                                    \
  void gradient_##suffix(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in,                     \
                         const float* scores, const float* dweights, const float* log_sums, const float* deltas,       \
                         size_t stride, const float* dout, size_t dout_stride, T* weights, T* dscores, float* own) {   \
    softmax_gradient_rows(tokens, tile, in, scores, dweights, log_sums, deltas, stride, dout, dout_stride, weights,    \
                          dscores, own);                                                                               \
  }
MANYSHOT_SUMMARY_ENTRIES(float, f32)
MANYSHOT_SUMMARY_ENTRIES(BFloat16, bf16)
#undef MANYSHOT_SUMMARY_ENTRIES

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

#define MANYSHOT_SUMMARY_DISPATCH(T, suffix)                                                                         \
  HWY_EXPORT(softmax_##suffix);                                                                                      \
  HWY_EXPORT(finish_##suffix);                                                                                       \
  HWY_EXPORT(dots_##suffix);                                                                                         \
  HWY_EXPORT(gradient_##suffix);                                                                                     \
  template <>                                                                                                        \
  void softmax_tile(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* scores,   \
                    T* weights, float* own, float* inverse, float* log_sums, size_t log_stride) {                    \
    HWY_DYNAMIC_DISPATCH(softmax_##suffix)                                                                           \
    (tokens, tile, in, scores, weights, own, inverse, log_sums, log_stride);                                         \
  }                                                                                                                  \
  template <>                                                                                                        \
  void finish_tile(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* sums,      \
                   const float* own, const float* inverse, T* out, size_t out_stride) {                              \
    HWY_DYNAMIC_DISPATCH(finish_##suffix)(tokens, tile, in, sums, own, inverse, out, out_stride);                    \
  }                                                                                                                  \
  template <>                                                                                                        \
  void output_dots(size_t num_tokens, size_t head_dim, const float* dout, size_t dout_stride, const T* out,          \
                   size_t out_stride, float* sums, size_t sum_stride) {                                              \
    HWY_DYNAMIC_DISPATCH(dots_##suffix)                                                                              \
    (num_tokens, head_dim, dout, dout_stride, out, out_stride, sums, sum_stride);                                    \
  }                                                                                                                  \
  template <>                                                                                                        \
  void softmax_gradient_tile(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in,               \
                             const float* scores, const float* dweights, const float* log_sums, const float* deltas, \
                             size_t stride, const float* dout, size_t dout_stride, T* weights, T* dscores,           \
                             float* own) {                                                                           \
    HWY_DYNAMIC_DISPATCH(gradient_##suffix)                                                                          \
    (tokens, tile, in, scores, dweights, log_sums, deltas, stride, dout, dout_stride, weights, dscores, own);        \
  }
MANYSHOT_SUMMARY_DISPATCH(float, f32)
MANYSHOT_SUMMARY_DISPATCH(BFloat16, bf16)
#undef MANYSHOT_SUMMARY_DISPATCH

HWY_EXPORT(own_gradient_rows);

void own_gradients(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* dout,
                   size_t dout_stride, const float* own, const AttentionGradient& gradient) {
  HWY_DYNAMIC_DISPATCH(own_gradient_rows)(tokens, tile, in, dout, dout_stride, own, gradient);
}

}  // namespace manyshot
#endif
