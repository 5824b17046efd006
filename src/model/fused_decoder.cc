#include "model/fused_decoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/simd.h"
#include "model/compact_prompt.h"

namespace manyshot {
namespace {

// Tokens that go through a row layer together: enough for the matrix products, few enough to stay in the second-level
// cache.
constexpr size_t kBlockTokens = 128;
// Rows of one parallel task at most. In-context layers work on all of them at once.
constexpr size_t kTaskRows = 64;
// SwiGLU columns made at a time: one tile of gates and one of ups, side by side in gate_up.
constexpr size_t kMlpTilePanels = 2;

// The network's weights, packed for inputs of type Act (float or BFloat16).
template <class Act>
struct PackedLayer {
  std::vector<float> input_norm, post_attention_norm;
  PackedMatrix<Act> qkv;  // outputs: queries, keys, values
  PackedMatrix<Act> o;
  PackedMatrix<Act> gate_up;  // 32 gates, the 32 ups that go with them, the next 32 gates, …
  PackedMatrix<Act> down;
};

template <class Act>
class Network {
 public:
  Network(const ModelConfig& model_config, const Weights& weights);

  ModelConfig config;
  AttentionShape attention;
  size_t D = 0;          // hidden_size
  size_t qkv_width = 0;  // of the outputs of one token's query, key and value projections
  size_t mlp_width = 0;  // intermediate_size, padded
  float epsilon = 0;
  Rotation rotation;
  std::vector<PackedLayer<Act>> layers;
  std::vector<float> embedding, final_norm;
  PackedMatrix<float> label_head;

  const float* token_vector(TokenId token) const { return embedding.data() + static_cast<size_t>(token) * D; }
  size_t query_panels() const { return attention.query_width() / kPanelWidth; }
  float query_scale() const { return 1.0f / std::sqrt(static_cast<float>(config.head_dim)); }

 private:
  void make_rotation();
  std::vector<float> cosines_, sines_;
};

std::vector<float> concatenated(std::initializer_list<const std::vector<float>*> parts) {
  std::vector<float> all;
  for (const auto* part : parts) all.insert(all.end(), part->begin(), part->end());
  return all;
}

// Rows of gate and up in the order PackedLayer::gate_up says; rows beyond intermediate_size stay zero, so their silu
// does too.
std::vector<float> interleaved(const LayerWeights& layer, size_t intermediate, size_t padded, size_t D) {
  constexpr size_t kTile = kMlpTilePanels * kPanelWidth;
  std::vector<float> rows(2 * padded * D);
  for (size_t i = 0; i < intermediate; ++i) {
    float* gate = rows.data() + (i / kTile * 2 * kTile + i % kTile) * D;
    std::copy_n(layer.gate_proj.data() + i * D, D, gate);
    std::copy_n(layer.up_proj.data() + i * D, D, gate + kTile * D);
  }
  return rows;
}

std::vector<float> with_padded_columns(const std::vector<float>& matrix, size_t rows, size_t columns, size_t padded) {
  std::vector<float> wide(rows * padded);
  for (size_t row = 0; row < rows; ++row)
    std::copy_n(matrix.data() + row * columns, columns, wide.data() + row * padded);
  return wide;
}

template <class Act>
Network<Act>::Network(const ModelConfig& model_config, const Weights& weights)
    : config(model_config),
      attention{size_t(config.num_attention_heads), size_t(config.num_key_value_heads), size_t(config.head_dim)},
      D(static_cast<size_t>(config.hidden_size)),
      qkv_width(attention.query_width() + 2 * attention.key_width()),
      mlp_width(round_up(static_cast<size_t>(config.intermediate_size), kMlpTilePanels * kPanelWidth)),
      epsilon(static_cast<float>(config.rms_norm_eps)),
      embedding(weights.embedding),
      final_norm(weights.final_norm) {
  const size_t intermediate = static_cast<size_t>(config.intermediate_size);
  for (const LayerWeights& layer : weights.layers) {
    layers.push_back(
        {layer.input_norm, layer.post_attention_norm,
         PackedMatrix<Act>(concatenated({&layer.q_proj, &layer.k_proj, &layer.v_proj}), qkv_width, D),
         PackedMatrix<Act>(layer.o_proj, D, attention.query_width()),
         PackedMatrix<Act>(interleaved(layer, intermediate, mlp_width, D), 2 * mlp_width, D),
         PackedMatrix<Act>(with_padded_columns(layer.down_proj, D, intermediate, mlp_width), D, mlp_width)});
  }
  const auto labels = static_cast<size_t>(config.label_tokens.size());
  label_head = PackedMatrix<float>({token_vector(config.label_tokens.first), labels * D}, labels, D);
  make_rotation();
}

template <class Act>
void Network<Act>::make_rotation() {
  const size_t half = attention.head_dim / 2;
  const size_t positions = context_row_tokens(static_cast<size_t>(config.column_tokens.size()));
  for (size_t position = 0; position < positions; ++position) {
    for (size_t i = 0; i < half; ++i) {
      const double frequency = std::pow(config.rope_theta, -static_cast<double>(i) / static_cast<double>(half));
      cosines_.push_back(static_cast<float>(std::cos(static_cast<double>(position) * frequency)));
      sines_.push_back(static_cast<float>(std::sin(static_cast<double>(position) * frequency)));
    }
  }
  rotation = {cosines_.data(), sines_.data(), attention.head_dim};
}

// Rows of one kind: `count` rows of `row_tokens` tokens each, of which the last `summary_tokens` (the bar, and the
// label of a labelled row) go on to the in-context layers.
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

size_t rows_per_block(size_t row_tokens) { return std::max<size_t>(1, kBlockTokens / row_tokens); }

// One thread's scratch memory. Token buffers hold a block of a row layer or the summaries of a task, whichever is more.
template <class Act>
struct Workspace {
  Workspace() = default;
  Workspace(const Network<Act>& net, const RowBatch& rows, size_t task_rows, size_t num_labels) {
    const size_t block = std::min(rows_per_block(rows.row_tokens()), task_rows) * rows.row_tokens();
    const size_t summaries = task_rows * rows.summary_tokens;
    const size_t tokens = std::max(block, summaries);
    x = AlignedBuffer<float>(block * net.D);
    summary_x = AlignedBuffer<float>(summaries * net.D);
    normed = AlignedBuffer<Act>(tokens * net.D);
    summary_normed = AlignedBuffer<Act>(rows_per_block(rows.row_tokens()) * rows.summary_tokens * net.D);
    qkv = AlignedBuffer<float>(tokens * net.qkv_width);
    attended = AlignedBuffer<Act>(tokens * net.attention.query_width());
    summary_attended = AlignedBuffer<Act>(summaries * net.attention.query_width());
    gate_up = AlignedBuffer<float>(tokens * 2 * kMlpTilePanels * kPanelWidth);
    hidden = AlignedBuffer<Act>(tokens * net.mlp_width);
    scratch = AlignedBuffer<float>(std::max(row_attention_scratch(net.attention, rows.row_tokens()),
                                            context_attention_scratch(net.attention, num_labels)));
    label_input = AlignedBuffer<float>(task_rows * net.D);
    logits = AlignedBuffer<float>(task_rows * net.label_head.panels().num_panels * kPanelWidth);
  }

  AlignedBuffer<float> x, summary_x, qkv, gate_up, scratch, label_input, logits;
  AlignedBuffer<Act> normed, summary_normed, attended, summary_attended, hidden;
};

// The steps of a layer, on the tokens of one thread.
template <class Act>
class Stepper {
 public:
  Stepper(const Network<Act>& net, Workspace<Act>& work) : net_(net), work_(work) {}

  // Runs the row layers; leaves the summaries' vectors in x [num_summaries, D].
  void row_layers(const RowBatch& rows, float* x) {
    const size_t step = rows_per_block(rows.row_tokens());
    for (size_t first = 0; first < rows.count; first += step) {
      row_block(rows.slice(first, std::min(rows.count, first + step)), first * rows.summary_tokens, x);
    }
    finish_layer(net_.layers[row_layers() - 1], work_.summary_attended.data(), x, rows.num_summaries());
  }

  // qkv [M, qkv_width] of tokens that stand at first_position, first_position + 1, … in their rows, `period` tokens a
  // row.
  void project(const PackedLayer<Act>& layer, const float* x, size_t M, size_t first_position, size_t period,
               float* qkv) {
    rms_norm(x, net_.D, layer.input_norm.data(), M, net_.D, net_.epsilon, work_.normed.data(), net_.D);
    gemm(work_.normed.data(), net_.D, M, layer.qkv.panels(), qkv, net_.qkv_width, Store::kOverwrite);
    rotate_period(qkv, M, first_position, period);
  }

  // In-context attention of M tokens with their rows' keys, then the rest of the layer, on x [M, D].
  void context_layer(const PackedLayer<Act>& layer, const LabelCache& labels, const AttentionInput& in,
                     const ContextTokens& tokens, float* x) {
    context_attention(net_.attention, labels, in, tokens, work_.scratch.data(), work_.attended.data(),
                      net_.attention.query_width());
    finish_layer(layer, work_.attended.data(), x, tokens.num_tokens);
  }

  AttentionInput qkv_input(const float* qkv, size_t stride) const {
    const float* k = qkv + net_.attention.query_width();
    return {qkv, k, k + net_.attention.key_width(), stride, stride};
  }

  // out [M, answers]: log-likelihoods at M bars, x_stride floats apart.
  void answers(const float* x, size_t x_stride, size_t M, std::span<const int> labels, float* out) {
    rms_norm(x, x_stride, net_.final_norm.data(), M, net_.D, net_.epsilon, work_.label_input.data(), net_.D);
    const Panels<float>& head = net_.label_head.panels();
    const size_t width = head.num_panels * kPanelWidth;
    gemm(work_.label_input.data(), net_.D, M, head, work_.logits.data(), width, Store::kOverwrite);
    for (size_t row = 0; row < M; ++row) {
      answer_log_likelihoods({work_.logits.data() + row * width, static_cast<size_t>(net_.config.label_tokens.size())},
                             labels, {out + row * labels.size(), labels.size()});
    }
  }

 private:
  size_t row_layers() const { return static_cast<size_t>(net_.config.row_layers); }

  void embed(const RowBatch& rows, float* x) {
    for (size_t row = 0; row < rows.count; ++row) {
      for (size_t place = 0; place < rows.row_tokens(); ++place, x += net_.D) {
        const float* vector = net_.token_vector(rows.tokens[row * rows.row_tokens() + place]);
        if (place < rows.num_features) {
          add(vector, net_.token_vector(net_.config.column_tokens.first + static_cast<TokenId>(place)), net_.D, x);
        } else {
          std::copy_n(vector, net_.D, x);
        }
      }
    }
  }

  // All row layers but the end of the last one, whose attention at the summaries goes to summary_attended from
  // `first_summary` on.
  void row_block(const RowBatch& rows, size_t first_summary, float* summary_x) {
    const size_t T = rows.row_tokens(), M = rows.count * T, width = net_.attention.query_width();
    float* x = work_.x.data();
    embed(rows, x);
    for (size_t i = 0; i + 1 < row_layers(); ++i) {
      const PackedLayer<Act>& layer = net_.layers[i];
      project(layer, x, M, 0, T, work_.qkv.data());
      for (size_t row = 0; row < rows.count; ++row) {
        row_attention(net_.attention, qkv_input(work_.qkv.data() + row * T * net_.qkv_width, net_.qkv_width), T, 0,
                      work_.scratch.data(), work_.attended.data() + row * T * width, width);
      }
      finish_layer(layer, work_.attended.data(), x, M);
    }
    last_row_attention(rows, first_summary);
    const size_t S = rows.summary_tokens;
    for (size_t row = 0; row < rows.count; ++row) {
      std::copy_n(x + ((row + 1) * T - S) * net_.D, S * net_.D, summary_x + (first_summary + row * S) * net_.D);
    }
  }

  // In the last row layer every token is read as a key, but only the summaries go on.
  void last_row_attention(const RowBatch& rows, size_t first_summary) {
    const PackedLayer<Act>& layer = net_.layers[row_layers() - 1];
    const size_t T = rows.row_tokens(), S = rows.summary_tokens, M = rows.count * T;
    const size_t width = net_.attention.query_width(), key_width = net_.attention.key_width();
    const size_t query_panels = net_.query_panels(), all_panels = layer.qkv.panels().num_panels;
    rms_norm(work_.x.data(), net_.D, layer.input_norm.data(), M, net_.D, net_.epsilon, work_.normed.data(), net_.D);
    float* keys = work_.qkv.data();  // [M, keys and values]
    float* queries = keys + M * 2 * key_width;
    gemm(work_.normed.data(), net_.D, M, layer.qkv.panels(query_panels, all_panels), keys, 2 * key_width,
         Store::kOverwrite);
    rotate(net_.rotation, keys, 2 * key_width, M, net_.attention.num_kv_heads, 0, T, 1.0f);
    for (size_t row = 0; row < rows.count; ++row) {
      std::copy_n(work_.normed.data() + ((row + 1) * T - S) * net_.D, S * net_.D,
                  work_.summary_normed.data() + row * S * net_.D);
    }
    gemm(work_.summary_normed.data(), net_.D, rows.num_summaries(), layer.qkv.panels(0, query_panels), queries, width,
         Store::kOverwrite);
    for (size_t row = 0; row < rows.count; ++row) {
      float* q = queries + row * S * width;
      const float* k = keys + row * T * 2 * key_width;
      rotate(net_.rotation, q, width, S, net_.attention.num_heads, T - S, T, net_.query_scale());
      row_attention(net_.attention, {q, k, k + key_width, width, 2 * key_width}, T, T - S, work_.scratch.data(),
                    work_.summary_attended.data() + (first_summary + row * S) * width, width);
    }
  }

  void rotate_period(float* qkv, size_t M, size_t first_position, size_t period) {
    // Positions first .. first + period - 1, again and again: rotate() counts from the block's first token.
    float* k = qkv + net_.attention.query_width();
    const Rotation at_first{net_.rotation.cosines + first_position * net_.attention.head_dim / 2,
                            net_.rotation.sines + first_position * net_.attention.head_dim / 2,
                            net_.attention.head_dim};
    rotate(at_first, qkv, net_.qkv_width, M, net_.attention.num_heads, 0, period, net_.query_scale());
    rotate(at_first, k, net_.qkv_width, M, net_.attention.num_kv_heads, 0, period, 1.0f);
  }

  // Output projection and SwiGLU, each added to x [M, D].
  void finish_layer(const PackedLayer<Act>& layer, const Act* attended, float* x, size_t M) {
    const size_t width = net_.attention.query_width(), tile = kMlpTilePanels * kPanelWidth;
    gemm(attended, width, M, layer.o.panels(), x, net_.D, Store::kAdd);
    rms_norm(x, net_.D, layer.post_attention_norm.data(), M, net_.D, net_.epsilon, work_.normed.data(), net_.D);
    float* gate_up = work_.gate_up.data();
    for (size_t column = 0; column < net_.mlp_width; column += tile) {
      const size_t panel = 2 * column / kPanelWidth;
      gemm(work_.normed.data(), net_.D, M, layer.gate_up.panels(panel, panel + 2 * kMlpTilePanels), gate_up, 2 * tile,
           Store::kOverwrite);
      silu_mul(gate_up, gate_up + tile, 2 * tile, M, tile, work_.hidden.data() + column, net_.mlp_width);
    }
    gemm(work_.hidden.data(), net_.mlp_width, M, layer.down.panels(), x, net_.D, Store::kAdd);
  }

  const Network<Act>& net_;
  Workspace<Act>& work_;
};

// Calls task(first, last, workspace) for consecutive ranges of `count` rows, in parallel. Results do not depend on the
// ranges.
template <class Act, class Task>
void for_row_ranges(const Network<Act>& net, const RowBatch& rows, size_t num_labels, const Task& task) {
  const auto threads = static_cast<size_t>(num_threads());
  const size_t step = std::clamp<size_t>(rows.count / (4 * threads), 4, kTaskRows);
  std::vector<std::unique_ptr<Workspace<Act>>> workspaces(threads);
  parallel_for((rows.count + step - 1) / step, [&](size_t i, int worker) {
    check_interrupted();
    auto& work = workspaces[static_cast<size_t>(worker)];
    if (!work) work = std::make_unique<Workspace<Act>>(net, rows, std::min(step, rows.count), num_labels);
    task(i * step, std::min(rows.count, (i + 1) * step), *work);
  });
}

template <class Act>
class FusedContext : public EncodedContext {
 public:
  FusedContext(std::shared_ptr<const Network<Act>> network, const Prompt& prompt);
  void score(const QueryTokens& queries, std::span<float> log_likelihoods) const override;
  std::vector<float> prequential() const override { return prequential_; }

 private:
  void encode(const RowBatch& rows);

  std::shared_ptr<const Network<Act>> network_;
  size_t num_features_;
  std::vector<int> answer_labels_;
  std::vector<LabelCache> caches_;  // one per in-context layer
  std::vector<float> prequential_;
};

template <class Act>
FusedContext<Act>::FusedContext(std::shared_ptr<const Network<Act>> network, const Prompt& prompt)
    : network_(std::move(network)),
      num_features_(prompt.num_features),
      answer_labels_(answer_labels(network_->config, prompt)) {
  const Network<Act>& net = *network_;
  const size_t N = prompt.num_shots(), context_layers = net.layers.size() - static_cast<size_t>(net.config.row_layers);
  require_memory(context_layers * LabelCache::bytes(net.attention, N) + 2 * N * (net.D + net.qkv_width) * sizeof(float),
                 "the encoded context", "give fewer labelled rows with --shots");
  for (size_t i = 0; i < context_layers; ++i) caches_.emplace_back(net.attention, N);
  encode({prompt.context.data(), N, num_features_, 2});
}

template <class Act>
void FusedContext<Act>::encode(const RowBatch& rows) {
  const Network<Act>& net = *network_;
  const size_t N = rows.count, F = num_features_, D = net.D, width = net.qkv_width;
  const size_t first_layer = static_cast<size_t>(net.config.row_layers);
  AlignedBuffer<float> x(2 * N * D);  // bar and label of each row
  AlignedBuffer<float> qkv(2 * N * width);
  prequential_.resize(N * answer_labels_.size());

  // Queries, keys and values of in-context layer i for rows [first, last); the labels' go to its cache.
  const auto project = [&](Stepper<Act>& stepper, size_t i, size_t first, size_t last) {
    stepper.project(net.layers[first_layer + i], x.data() + 2 * first * D, 2 * (last - first), F, 2,
                    qkv.data() + 2 * first * width);
    for (size_t row = first; row < last; ++row) {
      const AttentionInput label = stepper.qkv_input(qkv.data() + (2 * row + 1) * width, width);
      caches_[i].set(row, label.k, label.v);
    }
  };
  for_row_ranges(net, rows, N, [&](size_t first, size_t last, Workspace<Act>& work) {
    Stepper<Act> stepper(net, work);
    stepper.row_layers(rows.slice(first, last), x.data() + 2 * first * D);
    project(stepper, 0, first, last);
  });
  for (size_t i = 0; i + 1 < caches_.size(); ++i) {
    for_row_ranges(net, rows, N, [&](size_t first, size_t last, Workspace<Act>& work) {
      Stepper<Act> stepper(net, work);
      stepper.context_layer(
          net.layers[first_layer + i], caches_[i], stepper.qkv_input(qkv.data() + 2 * first * width, width),
          {.num_tokens = 2 * (last - first), .tokens_per_row = 2, .first_row = first}, x.data() + 2 * first * D);
      project(stepper, i + 1, first, last);
    });
  }
  // Nothing reads the last layer's labels: bars only.
  for_row_ranges(net, rows, N, [&](size_t first, size_t last, Workspace<Act>& work) {
    Stepper<Act> stepper(net, work);
    float* bars = work.summary_x.data();
    for (size_t row = first; row < last; ++row) std::copy_n(x.data() + 2 * row * D, D, bars + (row - first) * D);
    stepper.context_layer(net.layers.back(), caches_.back(),
                          stepper.qkv_input(qkv.data() + 2 * first * width, 2 * width),
                          {.num_tokens = last - first, .first_row = first}, bars);
    stepper.answers(bars, D, last - first, answer_labels_, prequential_.data() + first * answer_labels_.size());
  });
}

template <class Act>
void FusedContext<Act>::score(const QueryTokens& queries, std::span<float> log_likelihoods) const {
  const Network<Act>& net = *network_;
  check_queries(net.config, num_features_, queries);
  const RowBatch rows{queries.tokens.data() + queries.offsets.front(), queries.size(), num_features_, 1};
  const size_t num_labels = caches_.front().num_labels(), first_layer = static_cast<size_t>(net.config.row_layers);
  for_row_ranges(net, rows, num_labels, [&](size_t first, size_t last, Workspace<Act>& work) {
    Stepper<Act> stepper(net, work);
    const size_t M = last - first;
    float* x = work.summary_x.data();
    stepper.row_layers(rows.slice(first, last), x);
    for (size_t i = 0; i < caches_.size(); ++i) {
      const PackedLayer<Act>& layer = net.layers[first_layer + i];
      stepper.project(layer, x, M, num_features_, 1, work.qkv.data());
      stepper.context_layer(layer, caches_[i], stepper.qkv_input(work.qkv.data(), net.qkv_width),
                            {.num_tokens = M, .is_query = true}, x);
    }
    stepper.answers(x, net.D, M, answer_labels_, log_likelihoods.data() + first * answer_labels_.size());
  });
}

template <class Act>
class FusedDecoder : public Model {
 public:
  FusedDecoder(const ModelConfig& config, const Weights& weights, ModelInfo info)
      : network_(std::make_shared<Network<Act>>(config, weights)), info_(std::move(info)) {}

  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override {
    check_context(network_->config, prompt);
    return std::make_unique<FusedContext<Act>>(network_, prompt);
  }

 private:
  std::shared_ptr<const Network<Act>> network_;
  ModelInfo info_;
};

}  // namespace

std::unique_ptr<Model> make_fused_decoder(const std::string& path, const ModelConfig& config, const Weights& weights,
                                          DType dtype) {
  ModelInfo info = compact_model_info(config);
  info.path = path;
  info.num_parameters = weights.num_parameters;
  if (dtype == DType::kBFloat16) {
    info.engine = "fused bfloat16 (avx512_bf16)";
    return std::make_unique<FusedDecoder<BFloat16>>(config, weights, std::move(info));
  }
  const SimdLevel level = simd_level() == SimdLevel::kAvx512Bf16 ? SimdLevel::kAvx512 : simd_level();
  info.engine = fmt::format("fused float32 ({})", simd_name(level));
  return std::make_unique<FusedDecoder<float>>(config, weights, std::move(info));
}

}  // namespace manyshot
