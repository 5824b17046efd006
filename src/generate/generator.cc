#include "generate/generator.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "encoding/tokenizer/tokenizer.h"
#include "generate/prompt_tokens.h"

namespace manyshot {
namespace {

// Of prompts in one pass: texts under way wait no longer than that for a long prompt.
constexpr size_t kPromptTokens = 512;
constexpr size_t kScoredPromptTokens = 128;  // the same for prompts that are scored: each leaves a row of logits
constexpr size_t kLookAhead = 64;            // waiting prompts whose beginnings are compared

size_t window_of(const LanguageModelConfig& config) { return static_cast<size_t>(config.max_position_embeddings); }

}  // namespace

// A request under way.
struct Generator::Text {
  Id id = 0;
  GenerateRequest request;
  Rng rng{0};
  size_t most_tokens = 0;  // that may be written
  std::unique_ptr<GrowingText> text;
  size_t num_passed = 0;  // of the prompt
  WrittenText written{{}};
  Generation result;
  bool is_done = false;
  // Of the pass at hand.
  std::span<const TokenId> growth;
  size_t num_wanted = 0;

  bool is_writing() const { return num_passed == request.prompt.size(); }
};

Generator::Generator(const Model& model, size_t texts_at_once)
    : model_(model),
      network_(language_model_of(model)),
      texts_at_once_(texts_at_once),
      most_bytes_((memory_limit_bytes() - std::min(memory_limit_bytes(), memory_used_bytes())) / 2),
      beginnings_(network_) {}

Generator::~Generator() = default;

void check_request(const Model& model, const GenerateRequest& request) {
  request.options.validate();
  const LanguageModelConfig& config = model.language_model()->config();
  const size_t window = window_of(config), count = request.prompt.size();
  if (count == 0) fail(ErrorKind::kBadInput, "the prompt is empty: a language model needs at least one token");
  for (const TokenId token : request.prompt) {
    if (token >= 0 && token < config.vocab_size) continue;
    fail(ErrorKind::kBadInput, "token {} of the prompt is not in the vocabulary of {} tokens of {}", token,
         config.vocab_size, model.info().path);
  }
  const bool writes = request.options.max_tokens > 0;
  if (count > window || (writes && count == window)) {
    fail(ErrorKind::kBadInput,
         "the prompt has {} tokens, the window of {} {}: there is no room to write; give a shorter prompt", count,
         model.info().path, window);
  }
}

Generator::Id Generator::add(GenerateRequest request) {
  check_request(model_, request);
  const size_t count = request.prompt.size();
  auto text = std::make_unique<Text>();
  text->id = next_id_++;
  text->rng = Rng(request.options.seed).child("text", request.number);
  text->most_tokens = std::min(static_cast<size_t>(request.options.max_tokens), window_of(network_.config()) - count);
  text->written = WrittenText(request.options.stop);
  text->result.prompt_tokens = count;
  text->request = std::move(request);
  waiting_.push_back(std::move(text));
  return waiting_.back()->id;
}

void Generator::cancel(Id id) {
  const auto is_it = [&](const std::unique_ptr<Text>& text) { return text->id == id; };
  std::erase_if(waiting_, is_it);
  std::erase_if(running_, is_it);
}

void Generator::cancel_all() {
  waiting_.clear();
  running_.clear();
}

uint64_t Generator::bytes_of(const Text& text) const {
  return (text.request.prompt.size() + text.most_tokens) * network_.cache_bytes_per_token();
}

void Generator::admit() {
  uint64_t bytes = 0;
  for (const auto& text : running_) bytes += bytes_of(*text);
  while (!waiting_.empty() && running_.size() < texts_at_once_) {
    Text& text = *waiting_.front();
    bytes += bytes_of(text);
    if (!running_.empty() && bytes > most_bytes_) return;
    TextCachePtr beginning;
    if (!text.request.score_prompt) {
      std::vector<std::span<const TokenId>> following;
      for (size_t i = 1; i < std::min(waiting_.size(), kLookAhead); ++i) {
        following.emplace_back(waiting_[i]->request.prompt);
      }
      beginning = beginnings_.of(text.request.prompt, following);
    }
    text.num_passed = beginning != nullptr ? beginning->num_tokens() : 0;
    text.text = network_.begin_text(std::move(beginning));
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

std::vector<Growth> Generator::next_growths() {
  std::vector<Growth> growths;
  size_t room = kPromptTokens, scored_room = kScoredPromptTokens;
  for (const auto& text : running_) {
    const std::span<const TokenId> prompt = text->request.prompt;
    text->growth = {};
    if (text->is_writing()) {
      text->growth = std::span(text->result.tokens).last(1);
      text->num_wanted = 1;
    } else {
      const bool scores = text->request.score_prompt;
      size_t& room_left = scores ? scored_room : room;
      const size_t left = prompt.size() - text->num_passed, count = std::min(left, room_left);
      if (count == 0) continue;
      text->growth = prompt.subspan(text->num_passed, count);
      text->num_wanted = scores ? count : count == left ? 1 : 0;
      room_left -= count;
    }
    growths.push_back({text->text.get(), text->growth, text->num_wanted});
  }
  return growths;
}

bool Generator::step() {
  check_interrupted();
  try {
    admit();
    if (running_.empty()) return false;
    const std::vector<NextToken> next = network_.grow(next_growths());

    std::vector<std::pair<Text*, const NextToken*>> writing;
    size_t row = 0;
    for (const auto& text : running_) {
      if (text->growth.empty()) continue;
      const auto own = std::span(next).subspan(row, text->num_wanted);
      row += text->num_wanted;
      if (!text->is_writing()) {
        if (text->request.score_prompt) score_prompt(*text, own, text->num_passed);
        text->num_passed += text->growth.size();
      }
      if (text->is_writing()) writing.emplace_back(text.get(), &own.back());
    }
    std::vector<TokenId> chosen(writing.size());
    parallel_for(writing.size(), [&](size_t i, int) {
      const auto [text, after] = writing[i];
      if (text->most_tokens == 0) return;
      chosen[i] = choose_token(*after, text->request.options, text->rng.uniform(text->result.tokens.size()));
    });
    for (size_t i = 0; i < writing.size(); ++i) write(*writing[i].first, *writing[i].second, chosen[i]);
    for (const auto& [text, after] : writing) tell(*text);
    std::erase_if(running_, [](const auto& text) { return text->is_done; });
  } catch (...) {
    cancel_all();
    throw;
  }
  return true;
}

// `next`: behind the prompt's tokens from `first` on.
void Generator::score_prompt(Text& text, std::span<const NextToken> next, size_t first) const {
  for (size_t i = 0; i < next.size() && first + i + 1 < text.request.prompt.size(); ++i) {
    text.result.prompt_log_probs.push_back(next[i].log_prob(text.request.prompt[first + i + 1]));
    if (text.request.num_likeliest == 0) continue;
    text.result.prompt_likeliest.push_back(most_likely(next[i], text.request.num_likeliest));
  }
}

bool Generator::ends_text(TokenId token) const {
  const std::vector<TokenId>& ends = network_.config().eos_token_ids;
  return model_.tokenizer()->is_special(token) || std::find(ends.begin(), ends.end(), token) != ends.end();
}

void Generator::write(Text& text, const NextToken& next, TokenId token) const {
  Generation& result = text.result;
  const GenerateOptions& options = text.request.options;
  if (text.most_tokens == 0) {
    text.is_done = true;
    return;
  }
  const bool is_end = ends_text(token);
  if (is_end && !options.ignore_end) {
    result.end = {token, next.log_prob(token)};
    result.end_likeliest = most_likely(next, text.request.num_likeliest);
    result.finish_reason = FinishReason::kStop;
    text.is_done = true;
    return;
  }
  result.tokens.push_back(token);
  result.log_probs.push_back(next.log_prob(token));
  if (text.request.num_likeliest > 0) result.likeliest.push_back(most_likely(next, text.request.num_likeliest));
  // A model's vocabulary may be padded beyond its tokenizer's.
  const bool has_text = !is_end && static_cast<size_t>(token) < model_.tokenizer()->vocab_size();
  if (has_text && text.written.append(model_.tokenizer()->token_text(token))) {
    result.finish_reason = FinishReason::kStop;
    text.is_done = true;
  }
  if (result.tokens.size() == text.most_tokens) text.is_done = true;
}

void Generator::tell(Text& text) const {
  const std::string piece = text.written.take(text.is_done);
  text.result.text += piece;
  if (!piece.empty() && text.request.on_text) text.request.on_text(piece, text.result);
  if (text.is_done && text.request.on_done) text.request.on_done(std::move(text.result));
}

std::vector<Generation> generate(const Model& model, std::vector<GenerateRequest> requests,
                                 const std::function<void(size_t request, std::string_view piece)>& on_text) {
  Generator generator(model);
  std::vector<Generation> results(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    GenerateRequest& request = requests[i];
    request.on_text = nullptr;
    if (on_text) request.on_text = [&on_text, i](std::string_view piece, const Generation&) { on_text(i, piece); };
    request.on_done = [&results, i](Generation generation) { results[i] = std::move(generation); };
    generator.add(std::move(request));
  }
  while (generator.step()) {
  }
  return results;
}

}  // namespace manyshot
