#include "train/data/chat.h"

#include <numeric>

#include "core/error.h"

namespace manyshot::train {
namespace {

class Encoder {
 public:
  Encoder(ChatWrapping wrapping, const Tokenizer& tokenizer) : wrapping_(wrapping), tokenizer_(tokenizer) {
    if (tokenizer.add_bos() && tokenizer.bos()) sample_.tokens.push_back(*tokenizer.bos());
  }

  void add(const ChatMessage& message) {
    const bool is_answer = message.role == "assistant";
    switch (wrapping_) {
      case ChatWrapping::kRaw:
        add_content(is_answer ? "" : message.content + "\n", is_answer, message.content);
        if (is_answer && tokenizer_.eos()) add_supervised({*tokenizer_.eos()});
        break;
      case ChatWrapping::kChatMl:
      case ChatWrapping::kTrained:
        add_special("<|im_start|>");
        add_content(message.role + "\n" + (is_answer ? "" : message.content), is_answer, message.content);
        end_turn("<|im_end|>", is_answer);
        add_text("\n");
        break;
      case ChatWrapping::kLlama3:
        add_special("<|start_header_id|>");
        add_text(message.role);
        add_special("<|end_header_id|>");
        add_content("\n\n" + (is_answer ? "" : message.content), is_answer, message.content);
        end_turn("<|eot_id|>", is_answer);
        break;
    }
  }

  // Tokens behind the last supervised one teach nothing.
  TrainSample take() {
    sample_.tokens.resize(sample_.supervised.back() + 1);
    sample_.answer_begin = sample_.supervised.front();
    return std::move(sample_);
  }

 private:
  void add_text(std::string_view text) { tokenizer_.append_encoded(text, /*parse_special=*/false, sample_.tokens); }
  void add_special(std::string_view token) { sample_.tokens.push_back(*tokenizer_.added_token(token)); }
  void add_supervised(const std::vector<TokenId>& tokens) {
    for (const TokenId token : tokens) {
      sample_.supervised.push_back(static_cast<uint32_t>(sample_.tokens.size()));
      sample_.tokens.push_back(token);
    }
  }
  // `before` and, for answers, the supervised content behind it: encoded apart, as a model that writes it does.
  void add_content(std::string_view before, bool is_answer, std::string_view answer) {
    add_text(before);
    if (is_answer) add_supervised(tokenizer_.encode(answer, /*parse_special=*/false));
  }
  void end_turn(std::string_view token, bool is_answer) {
    if (is_answer) {
      add_supervised({*tokenizer_.added_token(token)});
    } else {
      add_special(token);
    }
  }

  ChatWrapping wrapping_;
  const Tokenizer& tokenizer_;
  TrainSample sample_;
};

}  // namespace

ChatWrapping choose_chat_wrapping(std::optional<ChatWrapping> asked, const Tokenizer& tokenizer) {
  const bool has_chatml = tokenizer.added_token("<|im_start|>") && tokenizer.added_token("<|im_end|>");
  const bool has_llama3 = tokenizer.added_token("<|start_header_id|>") && tokenizer.added_token("<|end_header_id|>") &&
                          tokenizer.added_token("<|eot_id|>");
  if (!asked) return has_chatml ? ChatWrapping::kTrained : has_llama3 ? ChatWrapping::kLlama3 : ChatWrapping::kRaw;
  const bool is_llama3 = *asked == ChatWrapping::kLlama3;
  if (*asked != ChatWrapping::kRaw && !(is_llama3 ? has_llama3 : has_chatml)) {
    fail(ErrorKind::kBadInput, "chat = \"{}\": the model's tokenizer lacks {}; take raw, or auto", name_of(*asked),
         is_llama3 ? "<|start_header_id|>, <|end_header_id|> or <|eot_id|>" : "<|im_start|> or <|im_end|>");
  }
  return *asked;
}

TrainSample encode_chat(const std::vector<ChatMessage>& messages, ChatWrapping wrapping, const Tokenizer& tokenizer) {
  Encoder encoder(wrapping, tokenizer);
  if (wrapping == ChatWrapping::kTrained && messages.front().role != "system") {
    encoder.add({"system", std::string(kQwenSystemText)});
  }
  for (const ChatMessage& message : messages) encoder.add(message);
  return encoder.take();
}

TrainSample encode_plain_text(std::string_view text, const Tokenizer& tokenizer) {
  TrainSample sample;
  if (tokenizer.add_bos() && tokenizer.bos()) sample.tokens.push_back(*tokenizer.bos());
  tokenizer.append_encoded(text, /*parse_special=*/false, sample.tokens);
  if (tokenizer.eos()) sample.tokens.push_back(*tokenizer.eos());
  sample.answer_begin = 1;
  sample.supervised.resize(sample.tokens.size() - 1);
  std::iota(sample.supervised.begin(), sample.supervised.end(), 1u);
  return sample;
}

}  // namespace manyshot::train
