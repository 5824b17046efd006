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

// Requests one after the other that are scored in one pass, since their prompts part late.
class Batch {
 public:
  explicit Batch(TokenRequest first) : shared_(first.prompt.size()) { requests_.push_back(std::move(first)); }

  bool takes(const TokenRequest& next) const {
    if (requests_.size() == kRequests) return false;
    const size_t shared = std::min(shared_, shared_length(requests_.front().prompt, next.prompt));
    return std::ranges::all_of(requests_, [&](const TokenRequest& one) { return is_short(one, shared); }) &&
           is_short(next, shared);
  }
  void add(TokenRequest next) {
    shared_ = std::min(shared_, shared_length(requests_.front().prompt, next.prompt));
    requests_.push_back(std::move(next));
  }

  const std::vector<TokenRequest>& requests() const { return requests_; }
  std::span<const TokenId> shared() const { return std::span(requests_.front().prompt).first(shared_); }
  // Of a request's prompt behind what all share.
  std::span<const TokenId> rest(const TokenRequest& request) const {
    return std::span(request.prompt).subspan(shared_);
  }

 private:
  static constexpr size_t kRequests = 16;
  static constexpr size_t kOwnTokens = 128;  // of a prompt behind what all share: what another order would save
  static bool is_short(const TokenRequest& request, size_t shared) {
    return request.prompt.size() - shared <= kOwnTokens;
  }

  std::vector<TokenRequest> requests_;
  size_t shared_;
};

// Each request's prompt, all in one pass.
std::vector<TextCachePtr> extend(const LanguageModel& model, const Batch& batch, const TextCachePtr& shared) {
  std::vector<Continuation> rests;
  for (const TokenRequest& request : batch.requests()) {
    if (!batch.rest(request).empty()) rests.push_back({.prefix = shared, .tokens = batch.rest(request)});
  }
  const std::vector<TextCachePtr> extended = rests.empty() ? std::vector<TextCachePtr>() : model.extend(rests);
  std::vector<TextCachePtr> prompts;
  size_t next = 0;
  for (const TokenRequest& request : batch.requests())
    prompts.push_back(batch.rest(request).empty() ? shared : extended[next++]);
  return prompts;
}

// [requests][continuations]
std::vector<std::vector<ContinuationScore>> score(const LanguageModel& model, const Batch& batch,
                                                  const TextCachePtr& shared) {
  const std::vector<TextCachePtr> prompts = extend(model, batch, shared);
  std::vector<Branch> branches;
  for (size_t i = 0; i < prompts.size(); ++i) {
    for (const Tokens& tokens : batch.requests()[i].continuations) {
      if (!tokens.empty()) branches.push_back({.prefix = prompts[i], .tokens = tokens});
    }
  }
  const std::vector<BranchScore> scores = model.score(branches);
  std::vector<std::vector<ContinuationScore>> result(prompts.size());
  size_t branch = 0;
  for (size_t i = 0; i < prompts.size(); ++i) {
    for (const Tokens& tokens : batch.requests()[i].continuations) {
      ContinuationScore& one = result[i].emplace_back();
      if (tokens.empty()) continue;
      for (const float log_prob : scores[branch].log_probs) one.log_prob += log_prob;
      one.num_tokens = tokens.size();
      ++branch;
    }
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
  const LanguageModel& network = *model.language_model();
  const auto is_refusal = [&](const Error& error) { return refused && error.kind() == ErrorKind::kBadInput; };
  const auto read = [&]() -> std::optional<TokenRequest> {
    TokenRequest result;
    try {
      if (!next(result.request)) return std::nullopt;
      tokenize(*model.tokenizer(), result);
    } catch (const Error& error) {
      if (!is_refusal(error)) throw;
      result.error = error;
    }
    return result;
  };
  CachePath caches(network);
  // Where a text of the batch is to blame for a failure, each is scored alone.
  const std::function<void(const Batch&, size_t)> answer = [&](const Batch& batch, size_t fork) {
    std::vector<std::vector<ContinuationScore>> scores;
    try {
      scores = score(network, batch, batch.shared().empty() ? nullptr : caches.go(batch.shared(), fork));
    } catch (const Error& error) {
      if (!is_refusal(error)) throw;
      if (batch.requests().size() == 1) return refused(error);
      for (const TokenRequest& request : batch.requests()) answer(Batch(request), 0);
      return;
    }
    for (size_t i = 0; i < scores.size(); ++i) done(batch.requests()[i].request, scores[i]);
  };
  std::optional<TokenRequest> following = read();
  while (following) {
    check_interrupted();
    if (following->error) {
      refused(*following->error);
      following = read();
      continue;
    }
    Batch batch(std::move(*following));
    for (following = read(); following && !following->error && batch.takes(*following); following = read())
      batch.add(std::move(*following));
    const bool has_following = following && !following->error;
    const size_t fork = has_following ? shared_length(batch.shared(), following->prompt) : 0;
    answer(batch, fork);
  }
}

}  // namespace manyshot
