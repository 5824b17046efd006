// Conversations as tokens, with what the model is to learn marked: the assistant's turns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "encoding/tokenizer/tokenizer.h"
#include "train/train_sample.h"

namespace manyshot {

struct ChatMessage {
  std::string role;  // system, user or assistant
  std::string content;
};

// What stands around the messages.
//   kRaw      nothing: contents in lines, the end-of-text token behind an answer
//   kChatMl   <|im_start|>role … <|im_end|>, of SmolLM2, Qwen2 and others
//   kTrained  the same, with Qwen's default system message where there is none: what `manyshot corpus` writes
//   kLlama3   <|start_header_id|>role<|end_header_id|> … <|eot_id|>
enum class ChatStyle { kRaw, kChatMl, kTrained, kLlama3 };
// "auto": kTrained or kLlama3 where the tokenizer has their tokens, else kRaw. Throws Error(kBadInput) for a style
// whose tokens the tokenizer lacks.
ChatStyle choose_chat_style(std::string_view name, const Tokenizer& tokenizer);

// Supervised: every token of assistant messages, and the token that ends them. REQUIRES: there is such a message.
TrainSample encode_chat(const std::vector<ChatMessage>& messages, ChatStyle style, const Tokenizer& tokenizer);
// Supervised: every token but the first.
TrainSample encode_plain_text(std::string_view text, const Tokenizer& tokenizer);

}  // namespace manyshot
