#include "kernels/context_softmax.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/context_softmax.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE void add_scaled(float factor, const float* x, size_t width, float* to) {
  const Floats d;
  for (size_t i = 0; i < width; i += kFloatLanes) {
    hn::StoreU(hn::MulAdd(hn::Set(d, factor), hn::LoadU(d, x + i), hn::LoadU(d, to + i)), d, to + i);
  }
}

HWY_INLINE float exp_of(float x) { return hn::GetLane(exp_f32(Floats(), hn::Set(Floats(), x))); }

template <class T>
void softmax_rows(const SummaryTile& tile, const HeadView& in, const float* scores, const TileWeights<T>& to) {
  const Floats d;
  T* weights = to.labels;
  float* own = to.own;
  for (size_t m = 0; m < tile.count; ++m, scores += tile.padded, weights += tile.padded, own += kOwnScores) {
    const size_t token = tile.first + m, visible = tile.tokens.visible_labels(token);
    const size_t first = tile.tokens.own_first(token), num_own = token + 1 - first;
    float highest = hn::GetLane(hn::MaxOfLanes(d, lane_maxima(scores, visible)));
    for (size_t key = 0; key < num_own; ++key) {
      own[key] = dot_product(in.q[token], in.k[first + key], in.head_dim);
      highest = std::max(highest, own[key]);
    }
    float sum = for_weights(scores, hn::Set(d, highest), visible, tile.width(),
                            [&](size_t i, FloatVec weight) HWY_ATTR { store(d, weight, weights + i); });
    for (size_t key = 0; key < num_own; ++key) sum += own[key] = exp_of(own[key] - highest);
    to.inverse[m] = 1.0f / sum;
    *to.log_sums[token] = highest + std::log(sum);
  }
}

template <class T>
void finish_rows(const SummaryTile& tile, const HeadView& in, const float* sums, const TileWeights<T>& weights,
                 Rows<T> out) {
  const Floats d;
  const float* own = weights.own;
  for (size_t m = 0; m < tile.count; ++m, sums += in.head_dim, own += kOwnScores) {
    const size_t token = tile.first + m, first = tile.tokens.own_first(token);
    for (size_t i = 0; i < in.head_dim; i += kFloatLanes) {
      FloatVec sum = hn::LoadU(d, sums + i);
      for (size_t key = first; key <= token; ++key) {
        sum = hn::MulAdd(hn::Set(d, own[key - first]), hn::LoadU(d, in.v[key] + i), sum);
      }
      store(d, hn::Mul(sum, hn::Set(d, weights.inverse[m])), out[token] + i);
    }
  }
}

template <class T>
void output_dot_rows(size_t num_tokens, size_t head_dim, Rows<const float> dout, Rows<const T> out, Rows<float> sums) {
  for (size_t token = 0; token < num_tokens; ++token) *sums[token] = dot_product(dout[token], out[token], head_dim);
}

template <class T>
void softmax_gradient_rows(const SummaryTile& tile, const HeadView& in, const TileGradient<T>& to) {
  const Floats d;
  float* own = to.own;
  for (size_t m = 0; m < tile.count; ++m, own += kOwnScores) {
    const size_t token = tile.first + m, visible = tile.tokens.visible_labels(token), row = m * tile.padded;
    const float log_sum = *to.log_sums[token], delta = *to.deltas[token];
    for (size_t i = 0; i < tile.width(); i += kFloatLanes) {
      const FloatVec weight = hn::IfThenElseZero(
          lanes_below(i, visible), exp_f32(d, hn::Sub(hn::LoadU(d, to.scores + row + i), hn::Set(d, log_sum))));
      store(d, weight, to.weights + row + i);
      store(d, hn::Mul(weight, hn::Sub(hn::LoadU(d, to.dweights + row + i), hn::Set(d, delta))), to.dscores + row + i);
    }
    const size_t first = tile.tokens.own_first(token);
    for (size_t key = first; key <= token; ++key) {
      const float weight = exp_of(dot_product(in.q[token], in.k[key], in.head_dim) - log_sum);
      own[key - first] = weight;
      own[2 + key - first] = weight * (dot_product(to.dout[token], in.v[key], in.head_dim) - delta);
    }
  }
}

void own_gradient_rows(const SummaryTile& tile, const HeadView& in, Rows<const float> dout, const float* own,
                       const AttentionGradient& gradient) {
  for (size_t m = 0; m < tile.count; ++m, own += kOwnScores) {
    const size_t token = tile.first + m, first = tile.tokens.own_first(token);
    for (size_t key = first; key <= token; ++key) {
      const float weight = own[key - first], dscore = own[2 + key - first];
      add_scaled(dscore, in.k[key], in.head_dim, gradient.q + token * gradient.q_stride);
      add_scaled(dscore, in.q[token], in.head_dim, gradient.k + key * gradient.kv_stride);
      add_scaled(weight, dout[token], in.head_dim, gradient.v + key * gradient.kv_stride);
    }
  }
}

inline constexpr auto& softmax_f32 = softmax_rows<float>;
inline constexpr auto& softmax_bf16 = softmax_rows<BFloat16>;
inline constexpr auto& finish_f32 = finish_rows<float>;
inline constexpr auto& finish_bf16 = finish_rows<BFloat16>;
inline constexpr auto& dots_f32 = output_dot_rows<float>;
inline constexpr auto& dots_bf16 = output_dot_rows<BFloat16>;
inline constexpr auto& gradient_f32 = softmax_gradient_rows<float>;
inline constexpr auto& gradient_bf16 = softmax_gradient_rows<BFloat16>;

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

#define MANYSHOT_CONTEXT_DISPATCH(T, suffix)                                                                           \
  HWY_EXPORT(softmax_##suffix);                                                                                        \
  HWY_EXPORT(finish_##suffix);                                                                                         \
  HWY_EXPORT(dots_##suffix);                                                                                           \
  HWY_EXPORT(gradient_##suffix);                                                                                       \
  template <>                                                                                                          \
  void softmax_tile(const SummaryTile& tile, const HeadView& in, const float* scores, const TileWeights<T>& weights) { \
    HWY_DYNAMIC_DISPATCH(softmax_##suffix)(tile, in, scores, weights);                                                 \
  }                                                                                                                    \
  template <>                                                                                                          \
  void finish_tile(const SummaryTile& tile, const HeadView& in, const float* sums, const TileWeights<T>& weights,      \
                   Rows<T> out) {                                                                                      \
    HWY_DYNAMIC_DISPATCH(finish_##suffix)(tile, in, sums, weights, out);                                               \
  }                                                                                                                    \
  template <>                                                                                                          \
  void output_dots(size_t num_tokens, size_t head_dim, Rows<const float> dout, Rows<const T> out, Rows<float> sums) {  \
    HWY_DYNAMIC_DISPATCH(dots_##suffix)(num_tokens, head_dim, dout, out, sums);                                        \
  }                                                                                                                    \
  template <>                                                                                                          \
  void softmax_gradient_tile(const SummaryTile& tile, const HeadView& in, const TileGradient<T>& to) {                 \
    HWY_DYNAMIC_DISPATCH(gradient_##suffix)(tile, in, to);                                                             \
  }
MANYSHOT_CONTEXT_DISPATCH(float, f32)
MANYSHOT_CONTEXT_DISPATCH(BFloat16, bf16)
#undef MANYSHOT_CONTEXT_DISPATCH

HWY_EXPORT(own_gradient_rows);

void own_gradients(const SummaryTile& tile, const HeadView& in, Rows<const float> dout, const float* own,
                   const AttentionGradient& gradient) {
  HWY_DYNAMIC_DISPATCH(own_gradient_rows)(tile, in, dout, own, gradient);
}

}  // namespace manyshot::kernels
#endif
