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
  std::optional<Error> error;  // why there is nothing of these
};

void tokenize(const Tokenizer& tokenizer, TokenRequest& result) {
  const ScoreRequest& request = result.request;
  const auto encode = [&](const std::string& text) {
    Tokens tokens;
    if (tokenizer.add_bos() && tokenizer.bos()) tokens.push_back(*tokenizer.bos());
    tokenizer.append_encoded(text, /*parse_special=*/true, tokens);
    return tokens;
  };
  result.prompt = encode(request.prompt);
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
                   const std::function<void(const ScoreRequest&, const std::vector<ContinuationScore>&)>& done,
                   const std::function<void(const Error&)>& refused) {
  if (model.language_model() == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{} is no language model: it scores table rows only; give a folder or .gguf file of a Llama or Qwen2 model",
         model.info().path);
  }
  // Runs `step`; what the texts are to blame for becomes the request's error.
  const auto attempt = [&](std::optional<Error>& error, const auto& step) {
    try {
      step();
    } catch (const Error& caught) {
      if (!refused || caught.kind() != ErrorKind::kBadInput) throw;
      error = caught;
    }
  };
  const auto read = [&]() -> std::optional<TokenRequest> {
    TokenRequest result;
    bool is_end = false;
    attempt(result.error, [&] {
      is_end = !next(result.request);
      if (!is_end) tokenize(*model.tokenizer(), result);
    });
    return is_end ? std::nullopt : std::optional(std::move(result));
  };
  CachePath caches(*model.language_model());
  for (std::optional<TokenRequest> current = read(), following; current; current = std::move(following)) {
    check_interrupted();
    following = read();
    const size_t fork = following && !following->error ? shared_length(current->prompt, following->prompt) : 0;
    std::vector<ContinuationScore> scores;
    if (!current->error) {
      attempt(current->error, [&] {
        scores = score(*model.language_model(), caches.go(current->prompt, fork), current->continuations);
      });
    }
    if (current->error) {
      refused(*current->error);
    } else {
      done(current->request, scores);
    }
  }
}

}  // namespace manyshot
