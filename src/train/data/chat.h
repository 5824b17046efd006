// Conversations as tokens, with what the model is to learn marked: the assistant's turns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/tokenizer/tokenizer.h"
#include "train/recipe.h"
#include "train/train_sample.h"

namespace manyshot {

struct ChatMessage {
  std::string role;  // system, user or assistant
  std::string content;
};

// The style that is asked for. Without one: kTrained or kLlama3 where the tokenizer has their tokens, else kRaw. Throws
// Error(kBadInput) for a style whose tokens the tokenizer lacks.
ChatStyle choose_chat_style(std::optional<ChatStyle> asked, const Tokenizer& tokenizer);

// Supervised: every token of assistant messages, and the token that ends them. REQUIRES: there is such a message.
TrainSample encode_chat(const std::vector<ChatMessage>& messages, ChatStyle style, const Tokenizer& tokenizer);
// Supervised: every token but the first.
TrainSample encode_plain_text(std::string_view text, const Tokenizer& tokenizer);

}  // namespace manyshot
