#include "kernels/attention.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/softmax-inl.h"

#ifndef MANYSHOT_ATTENTION_ONCE
#define MANYSHOT_ATTENTION_ONCE
namespace manyshot::kernels {
namespace {
constexpr size_t kQueryTile = 12;  // queries whose scores stand in scratch at a time
constexpr size_t kMaxOwnKeys = 2;

// Column `column` of a [num_rows, columns] matrix in panels.
inline void set_column(float* panels, size_t num_rows, size_t column, const float* values) {
  float* to = panels + column / kPanelWidth * num_rows * kPanelWidth + column % kPanelWidth;
  for (size_t row = 0; row < num_rows; ++row) to[row * kPanelWidth] = values[row];
}
inline void get_column(const float* panels, size_t num_rows, size_t column, float* values) {
  const float* from = panels + column / kPanelWidth * num_rows * kPanelWidth + column % kPanelWidth;
  for (size_t row = 0; row < num_rows; ++row) values[row] = from[row * kPanelWidth];
}
}  // namespace
}  // namespace manyshot::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

// scores[0, count) become e^(score - largest), scores[count, round_up(count, 16)) zero; `own` (scores of keys kept
// elsewhere) likewise. Returns 1 / the sum of all.
HWY_INLINE float softmax(float* HWY_RESTRICT scores, size_t count, float* own, size_t num_own) {
  const Floats d;
  FloatVec highest = lane_maxima(scores, count);
  for (size_t key = 0; key < num_own; ++key) highest = hn::Max(highest, hn::Set(d, own[key]));
  highest = hn::MaxOfLanes(d, highest);
  float sum = for_weights(scores, highest, count, round_up(count, kPanelWidth),
                          [&](size_t i, FloatVec weights) HWY_ATTR { hn::StoreU(weights, d, scores + i); });
  for (size_t key = 0; key < num_own; ++key) {
    own[key] = hn::GetLane(exp_f32(d, hn::Sub(hn::Set(d, own[key]), highest)));
    sum += own[key];
  }
  return 1.0f / sum;
}

template <class Out>
void row_attention_of(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                      float* HWY_RESTRICT scratch, Rows<Out> out) {
  const Floats d;
  const size_t head_dim = shape.head_dim, group = shape.num_heads / shape.num_kv_heads;
  const size_t padded = round_up(num_tokens, kPanelWidth);
  float* key_panels = scratch;
  float* scores = key_panels + head_dim * padded;
  float* sums = scores + kTileRows * padded;
  for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
    for (size_t token = 0; token < num_tokens; ++token) {
      set_column(key_panels, head_dim, token, in.k + token * in.kv_stride + kv_head * head_dim);
    }
    for (size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      for (size_t query = first_query; query < num_tokens; query += kTileRows) {
        const size_t M = HWY_MIN(kTileRows, num_tokens - query);
        const size_t visible = query + M;  // to the tile's last query
        const Panels<float> keys{key_panels, head_dim, round_up(visible, kPanelWidth) / kPanelWidth, kPanelWidth,
                                 head_dim * kPanelWidth};
        gemm_panels({in.q + (query - first_query) * in.q_stride + head * head_dim, in.q_stride}, M, keys,
                    {scores, padded}, Store::kOverwrite);
        float inverse[kTileRows];
        for (size_t row = 0; row < M; ++row) {
          float* row_scores = scores + row * padded;
          inverse[row] = softmax(row_scores, query + row + 1, nullptr, 0);
          for (size_t key = round_up(query + row + 1, kPanelWidth); key < visible; ++key) row_scores[key] = 0.0f;
        }
        const Panels<float> values{in.v + kv_head * head_dim, visible, head_dim / kPanelWidth, in.kv_stride,
                                   kPanelWidth};
        gemm_panels({scores, padded}, M, values, {sums, head_dim}, Store::kOverwrite);
        for (size_t row = 0; row < M; ++row) {
          Out* to = out[query - first_query + row] + head * head_dim;
          for (size_t i = 0; i < head_dim; i += kFloatLanes) {
            store(d, hn::Mul(hn::LoadU(d, sums + row * head_dim + i), hn::Set(d, inverse[row])), to + i);
          }
        }
      }
    }
  }
}

inline constexpr auto& row_attention_f32 = row_attention_of<float>;
inline constexpr auto& row_attention_bf16 = row_attention_of<BFloat16>;

// What context_attention() is given.
struct ContextCall {
  const AttentionShape& shape;
  const LabelCache& labels;
  const AttentionInput& in;
  const ContextTokens& tokens;
};

// One tile of queries [token, token + M) in one head.
template <class Out>
HWY_INLINE void context_tile(const ContextCall& call, size_t head, size_t token, size_t M, float* HWY_RESTRICT scores,
                             Rows<Out> out) {
  const auto& [shape, labels, in, tokens] = call;
  const Floats d;
  const size_t head_dim = shape.head_dim, kv_head = head / (shape.num_heads / shape.num_kv_heads);
  const size_t padded = round_up(labels.num_labels(), kPanelWidth);
  const size_t most = tokens.visible_labels(token + M - 1, labels.num_labels());
  const float* q = in.q + token * in.q_stride + head * head_dim;
  gemm_panels({q, in.q_stride}, M, labels.keys(kv_head, most), {scores, padded}, Store::kOverwrite);

  float own[kQueryTile][kMaxOwnKeys];
  float inverse[kQueryTile];
  for (size_t row = 0; row < M; ++row) {
    const size_t last = token + row, first = last - last % tokens.tokens_per_row;
    for (size_t key = first; key <= last; ++key) {
      own[row][key - first] =
          dot_product(q + row * in.q_stride, in.k + key * in.kv_stride + kv_head * head_dim, head_dim);
    }
    const size_t visible = tokens.visible_labels(last, labels.num_labels());
    inverse[row] = softmax(scores + row * padded, visible, own[row], last - first + 1);
    for (size_t key = round_up(visible, kPanelWidth); key < most; ++key) scores[row * padded + key] = 0.0f;
  }
  float* sums = scores + kQueryTile * padded;
  gemm_panels({scores, padded}, M, labels.values(kv_head, most), {sums, head_dim}, Store::kOverwrite);
  for (size_t row = 0; row < M; ++row) {
    const size_t last = token + row, first = last - last % tokens.tokens_per_row;
    Out* to = out[last] + head * head_dim;
    for (size_t i = 0; i < head_dim; i += kFloatLanes) {
      FloatVec sum = hn::LoadU(d, sums + row * head_dim + i);
      for (size_t key = first; key <= last; ++key) {
        sum = hn::MulAdd(hn::Set(d, own[row][key - first]),
                         hn::LoadU(d, in.v + key * in.kv_stride + kv_head * head_dim + i), sum);
      }
      store(d, hn::Mul(sum, hn::Set(d, inverse[row])), to + i);
    }
  }
}

template <class Out>
void context_attention_of(const AttentionShape& shape, const LabelCache& labels, const AttentionInput& in,
                          const ContextTokens& tokens, float* scratch, Rows<Out> out) {
  for (size_t head = 0; head < shape.num_heads; ++head) {
    for (size_t token = 0; token < tokens.num_tokens; token += kQueryTile) {
      const size_t M = HWY_MIN(kQueryTile, tokens.num_tokens - token);
      context_tile({shape, labels, in, tokens}, head, token, M, scratch, out);
    }
  }
}
inline constexpr auto& context_attention_f32 = context_attention_of<float>;
inline constexpr auto& context_attention_bf16 = context_attention_of<BFloat16>;

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(row_attention_f32);
HWY_EXPORT(row_attention_bf16);
HWY_EXPORT(context_attention_f32);
HWY_EXPORT(context_attention_bf16);

void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   float* scratch, Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(row_attention_f32)(shape, in, num_tokens, first_query, scratch, out);
}

void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   float* scratch, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(row_attention_bf16)(shape, in, num_tokens, first_query, scratch, out);
}

size_t row_attention_scratch(const AttentionShape& shape, size_t num_tokens) {
  return (shape.head_dim + kQueryTile) * round_up(num_tokens, kPanelWidth) + kQueryTile * shape.head_dim;
}

LabelCache::LabelCache(const AttentionShape& shape, size_t num_labels)
    : shape_(shape),
      num_labels_(num_labels),
      keys_(shape.key_width() * round_up(num_labels, kPanelWidth)),
      values_(shape.key_width() * num_labels) {}

void LabelCache::set(size_t label, const float* key, const float* value) {
  const size_t head_dim = shape_.head_dim, padded = round_up(num_labels_, kPanelWidth);
  for (size_t kv_head = 0; kv_head < shape_.num_kv_heads; ++kv_head) {
    set_column(keys_.data() + kv_head * head_dim * padded, head_dim, label, key + kv_head * head_dim);
    std::copy_n(value + kv_head * head_dim, head_dim, values_.data() + (kv_head * num_labels_ + label) * head_dim);
  }
}

void LabelCache::get(size_t label, float* key, float* value) const {
  const size_t head_dim = shape_.head_dim, padded = round_up(num_labels_, kPanelWidth);
  for (size_t kv_head = 0; kv_head < shape_.num_kv_heads; ++kv_head) {
    get_column(keys_.data() + kv_head * head_dim * padded, head_dim, label, key + kv_head * head_dim);
    std::copy_n(values_.data() + (kv_head * num_labels_ + label) * head_dim, head_dim, value + kv_head * head_dim);
  }
}

Panels<float> LabelCache::keys(size_t kv_head, size_t count) const {
  const size_t head_dim = shape_.head_dim;
  return {keys_.data() + kv_head * head_dim * round_up(num_labels_, kPanelWidth), head_dim,
          round_up(count, kPanelWidth) / kPanelWidth, kPanelWidth, head_dim * kPanelWidth};
}

Panels<float> LabelCache::values(size_t kv_head, size_t count) const {
  return {values_.data() + kv_head * num_labels_ * shape_.head_dim, count, shape_.head_dim / kPanelWidth,
          shape_.head_dim, kPanelWidth};
}

size_t LabelCache::bytes(const AttentionShape& shape, size_t num_labels) {
  return shape.key_width() * (num_labels + round_up(num_labels, kPanelWidth)) * sizeof(float);
}

void context_attention(const AttentionShape& shape, const LabelCache& labels, const AttentionInput& in,
                       const ContextTokens& tokens, float* scratch, Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(context_attention_f32)(shape, labels, in, tokens, scratch, out);
}

void context_attention(const AttentionShape& shape, const LabelCache& labels, const AttentionInput& in,
                       const ContextTokens& tokens, float* scratch, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(context_attention_bf16)(shape, labels, in, tokens, scratch, out);
}

size_t context_attention_scratch(const AttentionShape& shape, size_t num_labels) {
  return kQueryTile * (round_up(num_labels, kPanelWidth) + shape.head_dim);
}

}  // namespace manyshot::kernels
#endif
