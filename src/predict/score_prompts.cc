#include "predict/score_prompts.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/cache_path.h"

namespace manyshot {
namespace {

using Tokens = std::vector<TokenId>;

// A request as tokens: the prompt's part that all continuations share, and what is behind it.
struct TokenRequest {
  ScoreRequest request;
  Tokens prompt;
  std::vector<Tokens> continuations;
};

TokenRequest tokenize(const Tokenizer& tokenizer, ScoreRequest request) {
  const auto encode = [&](const std::string& text) {
    Tokens tokens;
    if (tokenizer.add_bos() && tokenizer.bos()) tokens.push_back(*tokenizer.bos());
    tokenizer.append_encoded(text, /*parse_special=*/true, tokens);
    return tokens;
  };
  TokenRequest result{.prompt = encode(request.prompt)};
  size_t shared = result.prompt.size();
  std::vector<Tokens> whole;
  for (const std::string& continuation : request.continuations) {
    whole.push_back(encode(request.prompt + continuation));
    shared = std::min(shared, shared_length(result.prompt, whole.back()));
  }
  if (shared == 0) {
    fail(ErrorKind::kBadInput,
         "prompt \"{}\" is empty or joins with a continuation into one token, so that nothing is left to predict from; "
         "begin it with more text, or the model's beginning of text",
         excerpt(request.prompt));
  }
  result.prompt.resize(shared);
  for (const Tokens& tokens : whole) {
    result.continuations.emplace_back(tokens.begin() + static_cast<ptrdiff_t>(shared), tokens.end());
  }
  result.request = std::move(request);
  return result;
}

std::vector<ContinuationScore> score(const LanguageModel& model, const TextCachePtr& prefix,
                                     const std::vector<Tokens>& continuations) {
  std::vector<Branch> branches;
  for (const Tokens& tokens : continuations) {
    if (!tokens.empty()) branches.push_back({.prefix = prefix, .tokens = tokens});
  }
  const std::vector<BranchScore> scores = model.score(branches);
  std::vector<ContinuationScore> result(continuations.size());
  size_t branch = 0;
  for (size_t i = 0; i < continuations.size(); ++i) {
    if (continuations[i].empty()) continue;
    for (const float log_prob : scores[branch].log_probs) result[i].log_prob += log_prob;
    result[i].num_tokens = continuations[i].size();
    ++branch;
  }
  return result;
}

}  // namespace

void score_prompts(const Model& model, const std::function<bool(ScoreRequest&)>& next,
                   const std::function<void(const ScoreRequest&, const std::vector<ContinuationScore>&)>& done) {
  if (model.language_model() == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{} is no language model: it scores table rows only; give a folder or .gguf file of a Llama or Qwen2 model",
         model.info().path);
  }
  const auto read = [&]() -> std::optional<TokenRequest> {
    ScoreRequest request;
    if (!next(request)) return std::nullopt;
    return tokenize(*model.tokenizer(), std::move(request));
  };
  CachePath caches(*model.language_model());
  for (std::optional<TokenRequest> current = read(), following; current; current = std::move(following)) {
    check_interrupted();
    following = read();
    const size_t fork = following ? shared_length(current->prompt, following->prompt) : 0;
    done(current->request, score(*model.language_model(), caches.go(current->prompt, fork), current->continuations));
  }
}

}  // namespace manyshot
