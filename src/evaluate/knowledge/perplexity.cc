#include "evaluate/knowledge/perplexity.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>
#include <vector>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "encoding/tokenizer/tokenizer.h"
#include "evaluate/endpoint/concurrent_requests.h"
#include "evaluate/endpoint/echo_scores.h"
#include "evaluate/knowledge/text_pieces.h"
#include "model/language/language_model.h"

namespace manyshot {
namespace {

constexpr size_t kPieceBytes = size_t{256} << 10;
constexpr size_t kBytesPerToken = 3;

// Window and stride in tokens.
struct Window {
  Window(const WindowOptions& options, size_t longest)
      : size(std::min(static_cast<size_t>(options.window), longest)), stride(static_cast<size_t>(options.stride)) {
    if (stride >= size) {
      fail(ErrorKind::kBadInput,
           "--perplexity-stride {} with a window of {} tokens leaves no token to predict from; give a smaller stride",
           stride, size);
    }
  }
  size_t size, stride;
};

// The text's tokens as they are needed.
class TokenStream {
 public:
  TokenStream(const Tokenizer& tokenizer, const std::string& path)
      : tokenizer_(tokenizer), pieces_(path), progress_("perplexity", pieces_.file_bytes(), "bytes") {
    if (tokenizer.add_bos() && tokenizer.bos()) tokens_.push_back(*tokenizer.bos());
  }

  // Drops the first `dropped` tokens and reads on until there are `count` or the text ends. The vector stays the same
  // one.
  const std::vector<TokenId>& advance(size_t dropped, size_t count) {
    tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<ptrdiff_t>(std::min(dropped, tokens_.size())));
    std::string piece;
    while (tokens_.size() < count && pieces_.next(piece, kPieceBytes)) {
      tokenizer_.append_encoded(piece, /*parse_special=*/false, tokens_);
      num_bytes_ += piece.size();
      progress_.add(piece.size());
    }
    return tokens_;
  }

  uint64_t num_bytes() const { return num_bytes_; }

 private:
  const Tokenizer& tokenizer_;
  TextPieces pieces_;
  Progress progress_;
  std::vector<TokenId> tokens_;
  uint64_t num_bytes_ = 0;
};

}  // namespace

double PerplexityResult::nats_per_token() const { return -log_prob / static_cast<double>(num_tokens); }
double PerplexityResult::perplexity() const { return std::exp(nats_per_token()); }
double PerplexityResult::bits_per_byte() const {
  return -log_prob / std::numbers::ln2 / static_cast<double>(num_bytes);
}

PerplexityResult measure_perplexity(const Model& model, const std::string& path, const WindowOptions& options) {
  if (model.language_model() == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{} reads table rows only, so it gives no text a probability; give a Llama or Qwen2 language model",
         model.info().path);
  }
  const Window window(options, static_cast<size_t>(model.info().context_window));
  const Tokenizer& tokenizer = *model.tokenizer();
  TokenStream stream(tokenizer, path);
  const std::vector<TokenId>& tokens = stream.advance(0, window.size);
  if (tokens.size() < 2) {
    fail(ErrorKind::kBadInput, "{}: a text of one token; nothing is left to predict, give a longer one", path);
  }
  PerplexityResult result;
  const bool first_is_text = !tokenizer.add_bos() || !tokenizer.bos();
  const size_t first_bytes = first_is_text ? tokenizer.token_text(tokens.front()).size() : 0;
  for (size_t first_scored = 1; first_scored < tokens.size(); first_scored = window.size - window.stride) {
    check_interrupted();
    const size_t count = std::min(tokens.size(), window.size);
    const Branch branch{.tokens = std::span(tokens).first(count), .first_scored = first_scored};
    const std::vector<BranchScore> scores = model.language_model()->score(std::span(&branch, 1));
    for (const float log_prob : scores.front().log_probs) {
      result.log_prob += log_prob;
      ++result.num_tokens;
    }
    if (count < window.size) break;
    stream.advance(window.stride, window.size);
  }
  result.num_bytes = stream.num_bytes() - first_bytes;
  return result;
}

PerplexityResult measure_perplexity(EndpointClient& client, const std::string& path, const WindowOptions& options,
                                    AnswerReport& report) {
  const Window window(options, static_cast<size_t>(options.window));
  const size_t stride_bytes = window.stride * kBytesPerToken,
               context_bytes = (window.size - window.stride) * kBytesPerToken;
  struct Part {
    std::string context, text;
    EchoScore score;
    AnswerReport report;
  };
  TextPieces pieces(path);
  Progress progress("perplexity", pieces.file_bytes(), "bytes");
  const auto concurrency = static_cast<size_t>(client.options().concurrency);
  std::deque<std::string> before;  // the pieces of the next part's context
  size_t bytes_before = 0;
  PerplexityResult result;
  for (bool more = true; more;) {
    std::vector<Part> parts;
    std::string piece;
    while (parts.size() < 4 * concurrency && (more = pieces.next(piece, stride_bytes))) {
      Part& part = parts.emplace_back();
      for (const std::string& text : before) part.context += text;
      part.text = piece;
      before.push_back(piece);
      bytes_before += piece.size();
      while (before.size() > 1 && bytes_before - before.front().size() >= context_bytes) {
        bytes_before -= before.front().size();
        before.pop_front();
      }
    }
    run_concurrently(parts.size(), concurrency, [&](size_t i, std::stop_token stop) {
      parts[i].score = score_by_echo(client, parts[i].context, parts[i].text, parts[i].report, std::move(stop));
    });
    for (const Part& part : parts) {
      result.log_prob += part.score.log_prob;
      result.num_tokens += part.score.num_tokens;
      result.num_bytes += part.score.num_bytes;
      report += part.report;
      progress.add(part.text.size());
    }
  }
  return result;
}

Json to_json(const PerplexityResult& result) {
  return {{"tokens", result.num_tokens},
          {"bytes", result.num_bytes},
          {"nats_per_token", result.nats_per_token()},
          {"perplexity", result.perplexity()},
          {"bits_per_byte", result.bits_per_byte()}};
}

}  // namespace manyshot
