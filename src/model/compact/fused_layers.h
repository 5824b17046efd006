// The steps of the fused decoder on the tokens of one thread, and the scratch memory they share.
#pragma once

#include <cstddef>
#include <span>

#include "encoding/prompt.h"
#include "kernels/aligned_buffer.h"
#include "kernels/attention.h"
#include "model/compact/compact_prompt.h"
#include "model/compact/fused_network.h"

namespace manyshot {

// Rows of one kind: `count` rows of `num_features` values and `summary_tokens` more (the bar; for labelled rows also
// the label), which alone go on to the in-context layers.
struct RowBatch {
  const TokenId* tokens = nullptr;
  size_t count = 0;
  size_t num_features = 0;
  size_t summary_tokens = 1;

  size_t row_tokens() const { return num_features + summary_tokens; }
  size_t num_summaries() const { return count * summary_tokens; }
  RowBatch slice(size_t first, size_t last) const {
    return {tokens + first * row_tokens(), last - first, num_features, summary_tokens};
  }
};

// One thread's scratch memory for tasks of up to `task_rows` rows of this kind behind a context of `num_labels` labels,
// with answers that are labels or codes of a number.
// Token buffers hold a block of a row layer or the summaries of a task, whichever is more.
template <class Act>
struct FusedWorkspace {
  FusedWorkspace(const FusedNetwork<Act>& net, const RowBatch& rows, size_t task_rows, size_t num_labels,
                 bool are_numbers);

  kernels::AlignedBuffer<float> x, summary_x, qkv, gate_up, attention, label_input, logits;
  kernels::AlignedBuffer<Act> normed, summary_normed, attended, summary_attended, hidden;
};

template <class Act>
class FusedLayers {
 public:
  FusedLayers(const FusedNetwork<Act>& net, FusedWorkspace<Act>& work) : net_(net), work_(work) {}

  // Embeds the rows and runs the row layers; leaves the summaries' vectors in x [num_summaries, D].
  void row_layers(const RowBatch& rows, float* x);

  // Queries (scaled), keys and values of M tokens: qkv [M, qkv_width].
  void project(const DecoderLayer<Act>& layer, const float* x, size_t M, kernels::Positions positions, float* qkv);
  kernels::AttentionInput qkv_input(const float* qkv, size_t stride) const;

  // In-context attention, then the rest of the layer, on x [tokens.num_tokens, D].
  void context_layer(const DecoderLayer<Act>& layer, const kernels::LabelCache& labels,
                     const kernels::AttentionInput& in, const kernels::ContextTokens& tokens, float* x);

  // out [M, answers]: log-likelihoods at the M bars x [M, D].
  void answers(const float* x, size_t M, const PromptAnswers& answers, float* out);

 private:
  void embed(const RowBatch& rows, float* x);
  void row_block(const RowBatch& rows, size_t first_summary, float* summary_x);
  void last_row_attention(const RowBatch& rows, size_t first_summary);
  void finish(const DecoderLayer<Act>& layer, const Act* attended, float* x, size_t M);

  const FusedNetwork<Act>& net_;
  FusedWorkspace<Act>& work_;
};

extern template struct FusedWorkspace<float>;
extern template struct FusedWorkspace<kernels::BFloat16>;
extern template class FusedLayers<float>;
extern template class FusedLayers<kernels::BFloat16>;

}  // namespace manyshot
