#include "model/compact/fused_decoder.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "kernels/simd.h"
#include "model/compact/compact_prompt.h"
#include "model/compact/fused_layers.h"
#include "model/compact/fused_network.h"

namespace manyshot {

using kernels::AlignedBuffer;
using kernels::AttentionInput;
using kernels::BFloat16;
using kernels::LabelCache;
using kernels::simd_level;
using kernels::simd_name;
using kernels::SimdLevel;

namespace {

// Rows of one parallel task at most. In-context layers work on all of them at once.
constexpr size_t kTaskRows = 64;

// Consecutive ranges of rows as parallel tasks, each with its thread's workspace. Results do not depend on the ranges.
template <class Act>
class RowTasks {
 public:
  RowTasks(const FusedNetwork<Act>& net, const RowBatch& rows, size_t num_labels, bool are_numbers)
      : net_(net),
        rows_(rows),
        num_labels_(num_labels),
        are_numbers_(are_numbers),
        step_(std::clamp<size_t>(rows.count / (4 * static_cast<size_t>(num_threads())), 4, kTaskRows)),
        workspaces_(static_cast<size_t>(num_threads())) {}

  // Calls task(first, last, workspace) for every range.
  template <class Task>
  void run(const Task& task) {
    parallel_for((rows_.count + step_ - 1) / step_, [&](size_t i, int worker) {
      check_interrupted();
      auto& work = workspaces_[static_cast<size_t>(worker)];
      if (!work) {
        work =
            std::make_unique<FusedWorkspace<Act>>(net_, rows_, std::min(step_, rows_.count), num_labels_, are_numbers_);
      }
      task(i * step_, std::min(rows_.count, (i + 1) * step_), *work);
    });
  }

 private:
  const FusedNetwork<Act>& net_;
  RowBatch rows_;
  size_t num_labels_;
  bool are_numbers_;
  size_t step_;
  std::vector<std::unique_ptr<FusedWorkspace<Act>>> workspaces_;
};

// Runs the labelled rows through the network, layer by layer, and keeps what queries need of them.
template <class Act>
class ContextEncoder {
 public:
  ContextEncoder(const FusedNetwork<Act>& net, const RowBatch& rows, const PromptAnswers& answers)
      : net_(net),
        rows_(rows),
        answers_(answers),
        tasks_(net, rows, rows.count, answers.are_numbers),
        x_(2 * rows.count * net.D),
        qkv_(2 * rows.count * net.qkv_width) {}

  static uint64_t bytes(const FusedNetwork<Act>& net, size_t num_rows) {
    return net.context_layers().size() * LabelCache::bytes(net.attention, num_rows) +
           2 * num_rows * (net.D + net.qkv_width) * sizeof(float);
  }

  // Fills the labels' keys and values of every in-context layer; returns the bars' last vectors as log-likelihoods.
  std::vector<float> run(std::vector<LabelCache>& caches) {
    tasks_.run([&](size_t first, size_t last, FusedWorkspace<Act>& work) {
      FusedLayers<Act> layers(net_, work);
      layers.row_layers(rows_.slice(first, last), summaries(first));
      project(layers, 0, first, last, caches[0]);
    });
    for (size_t i = 0; i + 1 < caches.size(); ++i) {
      tasks_.run([&](size_t first, size_t last, FusedWorkspace<Act>& work) {
        FusedLayers<Act> layers(net_, work);
        layers.context_layer(net_.context_layers()[i], caches[i], layers.qkv_input(qkv(first), net_.qkv_width),
                             {.num_tokens = 2 * (last - first), .tokens_per_row = 2, .first_row = first},
                             summaries(first));
        project(layers, i + 1, first, last, caches[i + 1]);
      });
    }
    return last_layer(caches.back());
  }

 private:
  float* summaries(size_t row) { return x_.data() + 2 * row * net_.D; }  // bar and label of each row
  float* qkv(size_t row) { return qkv_.data() + 2 * row * net_.qkv_width; }

  // Queries, keys and values of in-context layer i; the labels' go to its cache.
  void project(FusedLayers<Act>& layers, size_t i, size_t first, size_t last, LabelCache& cache) {
    layers.project(net_.context_layers()[i], summaries(first), 2 * (last - first),
                   {.first = rows_.num_features, .period = 2}, qkv(first));
    for (size_t row = first; row < last; ++row) {
      const AttentionInput label = layers.qkv_input(qkv(row) + net_.qkv_width, net_.qkv_width);
      cache.set(row, label.k, label.v);
    }
  }

  // Nothing reads the labels behind the last layer: bars only.
  std::vector<float> last_layer(const LabelCache& cache) {
    const size_t count = answers_.places.size();
    std::vector<float> log_likelihoods(rows_.count * count);
    tasks_.run([&](size_t first, size_t last, FusedWorkspace<Act>& work) {
      FusedLayers<Act> layers(net_, work);
      float* bars = work.summary_x.data();
      for (size_t row = first; row < last; ++row) std::copy_n(summaries(row), net_.D, bars + (row - first) * net_.D);
      layers.context_layer(net_.context_layers().back(), cache, layers.qkv_input(qkv(first), 2 * net_.qkv_width),
                           {.num_tokens = last - first, .first_row = first}, bars);
      layers.answers(bars, last - first, answers_, log_likelihoods.data() + first * count);
    });
    return log_likelihoods;
  }

  const FusedNetwork<Act>& net_;
  RowBatch rows_;
  const PromptAnswers& answers_;
  RowTasks<Act> tasks_;
  AlignedBuffer<float> x_;    // [rows, 2, D]
  AlignedBuffer<float> qkv_;  // [rows, 2, qkv_width]
};

template <class Act>
class FusedContext : public EncodedContext {
 public:
  FusedContext(std::shared_ptr<const FusedNetwork<Act>> network, const Prompt& prompt)
      : network_(std::move(network)),
        num_features_(prompt.num_features),
        answers_(prompt_answers(network_->config, prompt)) {
    const FusedNetwork<Act>& net = *network_;
    const RowBatch rows{prompt.context.data(), prompt.num_shots(), num_features_, /*summary_tokens=*/2};
    require_memory(ContextEncoder<Act>::bytes(net, rows.count), "the encoded context",
                   "give fewer labelled rows with --shots");
    for (size_t i = 0; i < net.context_layers().size(); ++i) caches_.emplace_back(net.attention, rows.count);
    prequential_ = ContextEncoder<Act>(net, rows, answers_).run(caches_);
  }
  // Of what state() gave.
  FusedContext(std::shared_ptr<const FusedNetwork<Act>> network, const Prompt& prompt, ByteReader& state)
      : network_(std::move(network)),
        num_features_(prompt.num_features),
        answers_(prompt_answers(network_->config, prompt)) {
    const FusedNetwork<Act>& net = *network_;
    const size_t width = net.attention.key_width(), num_layers = net.context_layers().size();
    const size_t num_labels = state.count(2 * width * num_layers * sizeof(float));
    if (num_labels == 0 || (!prompt.context.empty() && num_labels != prompt.num_shots()))
      state.refuse("is of other labelled rows");
    for (size_t i = 0; i < num_layers; ++i) {
      LabelCache& cache = caches_.emplace_back(net.attention, num_labels);
      const std::vector<float> keys_and_values = state.block<float>(2 * width * num_labels);
      for (size_t label = 0; label < num_labels; ++label) {
        const float* of_label = keys_and_values.data() + 2 * width * label;
        cache.set(label, of_label, of_label + width);
      }
    }
    prequential_ = state.list<float>();
    if (!prequential_.empty() && prequential_.size() != num_labels * answers_.places.size())
      state.refuse("is of other answers");
  }

  void score(const QueryTokens& queries, std::span<float> log_likelihoods) const override {
    const FusedNetwork<Act>& net = *network_;
    check_queries(net.config, num_features_, queries);
    const RowBatch rows{queries.tokens.data() + queries.offsets.front(), queries.size(), num_features_,
                        /*summary_tokens=*/1};
    RowTasks<Act> tasks(net, rows, caches_.front().num_labels(), answers_.are_numbers);
    tasks.run([&](size_t first, size_t last, FusedWorkspace<Act>& work) {
      FusedLayers<Act> layers(net, work);
      const size_t M = last - first;
      float* bars = work.summary_x.data();
      layers.row_layers(rows.slice(first, last), bars);
      for (size_t i = 0; i < caches_.size(); ++i) {
        const DecoderLayer<Act>& layer = net.context_layers()[i];
        layers.project(layer, bars, M, {.first = num_features_, .period = 1}, work.qkv.data());
        layers.context_layer(layer, caches_[i], layers.qkv_input(work.qkv.data(), net.qkv_width),
                             {.num_tokens = M, .is_query = true}, bars);
      }
      layers.answers(bars, M, answers_, log_likelihoods.data() + first * answers_.places.size());
    });
  }

  std::vector<float> prequential() const override { return prequential_; }

  // The number of labelled rows; by layer, and in it by row, the label's key and value; the prequential scores.
  std::string state(bool with_prequential) const override {
    const size_t width = network_->attention.key_width(), num_labels = caches_.front().num_labels();
    ByteWriter writer;
    writer.reserve((2 * width * caches_.size() * num_labels + prequential_.size()) * sizeof(float) + 64);
    writer.number<uint64_t>(num_labels);
    std::vector<float> of_label(2 * width);
    for (const LabelCache& cache : caches_) {
      for (size_t label = 0; label < num_labels; ++label) {
        cache.get(label, of_label.data(), of_label.data() + width);
        writer.numbers(std::span<const float>(of_label));
      }
    }
    writer.list(with_prequential ? prequential_ : std::vector<float>());
    return writer.take();
  }

 private:
  std::shared_ptr<const FusedNetwork<Act>> network_;
  size_t num_features_;
  PromptAnswers answers_;
  std::vector<LabelCache> caches_;  // one per in-context layer
  std::vector<float> prequential_;
};

template <class Act>
class FusedDecoder : public Model {
 public:
  FusedDecoder(const ModelConfig& config, const Weights& weights, ModelInfo info)
      : network_(std::make_shared<FusedNetwork<Act>>(config, weights)), info_(std::move(info)) {}

  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override {
    check_context(network_->config, prompt);
    return std::make_unique<FusedContext<Act>>(network_, prompt);
  }
  std::unique_ptr<EncodedContext> restore(const Prompt& prompt, ByteReader& state) const override {
    return std::make_unique<FusedContext<Act>>(network_, prompt, state);
  }

 private:
  std::shared_ptr<const FusedNetwork<Act>> network_;
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
  const SimdLevel level = kernels::has_bf16(simd_level()) ? SimdLevel::kAvx512 : simd_level();
  info.engine = fmt::format("fused float32 ({})", simd_name(level));
  return std::make_unique<FusedDecoder<float>>(config, weights, std::move(info));
}

}  // namespace manyshot
