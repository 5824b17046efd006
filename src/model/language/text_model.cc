#include "model/language/text_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/dtype.h"
#include "model/language/answer_trie.h"
#include "model/language/gguf.h"
#include "model/language/gguf_tokenizer.h"
#include "model/language/language_model.h"

namespace manyshot {
namespace {

constexpr size_t kBatchTokens = 4096;  // of branches that go through the layers together; bounds memory, not results

class TextContext : public EncodedContext {
 public:
  TextContext(std::shared_ptr<const LanguageModel> model, const Prompt& prompt)
      : model_(std::move(model)), num_answers_(prompt.answers.size()), forks_(answer_forks(prompt.answers)) {
    cache_ = model_->prefill(prompt.context);
  }

  void score(const QueryTokens& queries, std::span<float> log_likelihoods) const override {
    std::fill(log_likelihoods.begin(), log_likelihoods.end(), 0.0f);
    for (size_t first = 0; first < queries.size();) {
      check_interrupted();
      size_t last = first, tokens = 0;
      while (last < queries.size() && (last == first || tokens + queries[last].size() <= kBatchTokens)) tokens += queries[last++].size();
      score_batch(queries, first, last, log_likelihoods.subspan(first * num_answers_, (last - first) * num_answers_));
      first = last;
    }
  }

 private:
  void score_batch(const QueryTokens& queries, size_t first, size_t last, std::span<float> log_likelihoods) const {
    // With several forks the queries' own keys and values are kept, so that each is computed once.
    std::vector<TextCachePtr> prefixes(last - first, cache_);
    const bool keep = forks_.size() > 1;
    if (keep) {
      std::vector<Continuation> continuations;
      for (size_t query = first; query < last; ++query) continuations.push_back({.prefix = cache_, .tokens = queries[query]});
      prefixes = model_->extend(continuations);
    }
    for (const AnswerFork& fork : forks_) {
      std::vector<Branch> branches;
      std::vector<std::vector<TokenId>> texts;
      texts.reserve(last - first);
      for (size_t query = first; query < last; ++query) {
        std::vector<TokenId>& text = texts.emplace_back();
        if (!keep) text.assign(queries[query].begin(), queries[query].end());
        text.insert(text.end(), fork.path.begin(), fork.path.end());
        branches.push_back({.prefix = prefixes[query - first], .tokens = text, .first_scored = text.size(), .candidates = fork.candidates});
      }
      const std::vector<BranchScore> scores = model_->score(branches);
      for (size_t i = 0; i < scores.size(); ++i) add_fork(fork, scores[i].candidates, log_likelihoods.subspan(i * num_answers_, num_answers_));
    }
  }

  // Adds ln of each answer's share among the fork's candidates.
  static void add_fork(const AnswerFork& fork, std::span<const float> log_probs, std::span<float> log_likelihoods) {
    const double largest = *std::max_element(log_probs.begin(), log_probs.end());
    double sum = 0;
    for (const float log_prob : log_probs) sum += std::exp(log_prob - largest);
    for (size_t k = 0; k < log_likelihoods.size(); ++k) {
      if (fork.choice[k] < 0) continue;
      log_likelihoods[k] += static_cast<float>(log_probs[static_cast<size_t>(fork.choice[k])] - largest - std::log(sum));
    }
  }

  std::shared_ptr<const LanguageModel> model_;
  size_t num_answers_;
  std::vector<AnswerFork> forks_;
  TextCachePtr cache_;
};

class TextModel : public Model {
 public:
  TextModel(const std::string& path, const LoadOptions& options) : tokenizer_(read_model_tokenizer(path)) {
    const std::unique_ptr<TensorSource> source = open_tensor_source(path);
    const DType dtype = choose_dtype(options.dtype);
    model_ = LanguageModel::load(*source, dtype);
    const LanguageModelConfig& config = model_->config();
    if (tokenizer_.vocab_size() > static_cast<size_t>(config.vocab_size)) {
      fail(ErrorKind::kCorruptFile, "{}: the tokenizer has {} tokens, the model {}: they do not belong together", path, tokenizer_.vocab_size(),
           config.vocab_size);
    }
    info_.path = path;
    info_.architecture = config.architecture == LanguageArchitecture::kLlama ? "Llama" : "Qwen2";
    info_.engine = dtype == DType::kBFloat16 ? "fused bfloat16 (avx512_bf16)" : "fused float32";
    info_.layout = PromptLayout::kFlat;
    info_.num_parameters = model_->num_parameters();
    info_.num_layers = config.num_hidden_layers;
    info_.hidden_size = config.hidden_size;
    info_.vocab_size = config.vocab_size;
    info_.context_window = config.max_position_embeddings;
  }

  const ModelInfo& info() const override { return info_; }
  const Tokenizer* tokenizer() const override { return &tokenizer_; }
  const LanguageModel* language_model() const override { return model_.get(); }
  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override { return std::make_unique<TextContext>(model_, prompt); }

 private:
  Tokenizer tokenizer_;
  std::shared_ptr<const LanguageModel> model_;
  ModelInfo info_;
};

}  // namespace

std::unique_ptr<Model> load_text_model(const std::string& path, const LoadOptions& options) {
  if (options.engine == "reference") {
    fail(ErrorKind::kUnsupported, "{}: engine reference exists for compact models only; use engine auto", path);
  }
  return std::make_unique<TextModel>(path, options);
}

TokenizerSpec read_model_tokenizer(const std::string& path) {
  if (!path.ends_with(".gguf")) return read_tokenizer_json(path);
  const MappedFile file(path);
  return read_tokenizer_spec(GgufFile(file.bytes(), path));
}

}  // namespace manyshot
