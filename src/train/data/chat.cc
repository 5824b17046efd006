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
    if (is_answer) {
      begin_answer();
      add_supervised(tokenizer_.encode(message.content, /*parse_special=*/false));
    } else {
      begin_turn(message.role, message.content);
    }
    end_turn(is_answer);
  }
  // An answer's content is encoded apart from what stands before it, as a model that writes it does.
  void begin_answer() { begin_turn("assistant", ""); }

  std::vector<TokenId> take_tokens() { return std::move(sample_.tokens); }
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
  void begin_turn(const std::string& role, const std::string& content) {
    switch (wrapping_) {
      case ChatWrapping::kRaw:
        if (role != "assistant") add_text(content + "\n");
        break;
      case ChatWrapping::kChatMl:
      case ChatWrapping::kTrained:
        add_special("<|im_start|>");
        add_text(role + "\n" + content);
        break;
      case ChatWrapping::kLlama3:
        add_special("<|start_header_id|>");
        add_text(role);
        add_special("<|end_header_id|>");
        add_text("\n\n" + content);
        break;
    }
  }
  void end_turn(bool is_answer) {
    const auto end = [&](TokenId token) {
      if (is_answer) return add_supervised({token});
      sample_.tokens.push_back(token);
    };
    switch (wrapping_) {
      case ChatWrapping::kRaw:
        if (is_answer && tokenizer_.eos()) end(*tokenizer_.eos());
        break;
      case ChatWrapping::kChatMl:
      case ChatWrapping::kTrained:
        end(*tokenizer_.added_token("<|im_end|>"));
        add_text("\n");
        break;
      case ChatWrapping::kLlama3:
        end(*tokenizer_.added_token("<|eot_id|>"));
        break;
    }
  }

  ChatWrapping wrapping_;
  const Tokenizer& tokenizer_;
  TrainSample sample_;
};

// One that has taken all messages.
Encoder encoder_behind(const std::vector<ChatMessage>& messages, ChatWrapping wrapping, const Tokenizer& tokenizer) {
  Encoder encoder(wrapping, tokenizer);
  if (wrapping == ChatWrapping::kTrained && messages.front().role != "system") {
    encoder.add({"system", std::string(kQwenSystemText)});
  }
  for (const ChatMessage& message : messages) encoder.add(message);
  return encoder;
}

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
  return encoder_behind(messages, wrapping, tokenizer).take();
}

std::vector<TokenId> encode_chat_prompt(const std::vector<ChatMessage>& messages, ChatWrapping wrapping,
                                        const Tokenizer& tokenizer) {
  Encoder encoder = encoder_behind(messages, wrapping, tokenizer);
  encoder.begin_answer();
  return encoder.take_tokens();
}

TrainSample encode_completion(std::string_view prompt, std::string_view text, const Tokenizer& tokenizer) {
  TrainSample sample;
  if (tokenizer.add_bos() && tokenizer.bos()) sample.tokens.push_back(*tokenizer.bos());
  tokenizer.append_encoded(prompt, /*parse_special=*/false, sample.tokens);
  sample.answer_begin = sample.tokens.size();
  tokenizer.append_encoded(text, /*parse_special=*/false, sample.tokens);
  if (tokenizer.eos()) sample.tokens.push_back(*tokenizer.eos());
  sample.supervised.resize(sample.tokens.size() - sample.answer_begin);
  std::iota(sample.supervised.begin(), sample.supervised.end(), static_cast<uint32_t>(sample.answer_begin));
  return sample;
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
