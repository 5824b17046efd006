// Writes texts behind prompts, many at a time: each pass through the model takes a token of every text under way and
// parts of the prompts of those that begin. A text that is finished makes room for the next one.
//
// A text is a function of the weights, its prompt, its options and its number alone: the same bits alone or beside
// others, by any number of threads, whatever came before.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "generate/choose_token.h"
#include "generate/generate_options.h"
#include "generate/shared_beginnings.h"
#include "generate/written_text.h"
#include "model/model.h"

namespace manyshot {

struct Generation {
  std::string text;  // UTF-8: bytes that are none become U+FFFD
  // What was written, without the token that ended it. The last may reach into a stop text.
  std::vector<TokenId> tokens;
  std::vector<float> log_probs;                      // of each, before temperature and cuts
  std::vector<std::vector<TokenLogProb>> likeliest;  // at each, if asked for
  // The token that ended the text, where the model did, and the likeliest ones there.
  std::optional<TokenLogProb> end;
  std::vector<TokenLogProb> end_likeliest;
  FinishReason finish_reason = FinishReason::kLength;
  size_t prompt_tokens = 0;
  // With score_prompt: of the prompt's tokens, without the first, which nothing predicts.
  std::vector<float> prompt_log_probs;
  std::vector<std::vector<TokenLogProb>> prompt_likeliest;
};

struct GenerateRequest {
  std::vector<TokenId> prompt;
  GenerateOptions options;
  // Texts of one seed with different numbers are drawn independently.
  uint64_t number = 0;
  size_t num_likeliest = 0;  // so many of the likeliest tokens are told at each place
  bool score_prompt = false;

  // What was added to the text, never empty, and all there is by then.
  std::function<void(std::string_view piece, const Generation& so_far)> on_text;
  std::function<void(Generation generation)> on_done;
};

// Throws Error(kBadInput) for options that make no sense, an empty prompt, tokens that the model does not have, and
// prompts that leave no room in its window. REQUIRES: a language model.
void check_request(const Model& model, const GenerateRequest& request);

// Not safe to use from several threads. Callbacks come from inside step(), and must not call the generator.
class Generator {
 public:
  // REQUIRES: `model` outlives it. Throws Error(kUnsupported) for a model that is no language model.
  explicit Generator(const Model& model, size_t texts_at_once = kTextsAtOnce);
  ~Generator();
  static constexpr size_t kTextsAtOnce = 32;

  using Id = uint64_t;
  // Queues a request. Throws what check_request() throws.
  Id add(GenerateRequest request);
  // Drops a request, wherever it is by now; its callbacks are not called any more.
  void cancel(Id id);
  void cancel_all();
  // One pass for all texts under way. Returns false when there is nothing to do. After an exception nothing that was
  // under way goes on.
  bool step();

  size_t num_running() const { return running_.size(); }
  size_t num_waiting() const { return waiting_.size(); }

 private:
  struct Text;
  void admit();
  std::vector<Growth> next_growths();
  void score_prompt(Text& text, std::span<const NextToken> next, size_t first) const;
  void write(Text& text, const NextToken& next, TokenId token) const;
  bool ends_text(TokenId token) const;
  void tell(Text& text) const;
  uint64_t bytes_of(const Text& text) const;

  const Model& model_;
  const LanguageModel& network_;
  size_t texts_at_once_;
  uint64_t most_bytes_;  // of keys and values, where more than one text is under way
  SharedBeginnings beginnings_;
  Id next_id_ = 0;
  std::deque<std::unique_ptr<Text>> waiting_;
  std::vector<std::unique_ptr<Text>> running_;
};

// All requests, the results in their order. on_text(request, piece), where given, comes in place of the requests' own
// callbacks.
std::vector<Generation> generate(const Model& model, std::vector<GenerateRequest> requests,
                                 const std::function<void(size_t request, std::string_view piece)>& on_text = {});

}  // namespace manyshot
