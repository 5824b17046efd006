// Conversations as tokens, with what the model is to learn marked: the assistant's turns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/text/chat_wrapping.h"
#include "encoding/tokenizer/tokenizer.h"
#include "train/train_sample.h"

namespace manyshot::train {

struct ChatMessage {
  std::string role;  // system, user or assistant
  std::string content;
};

// The wrapping that is asked for. Without one: kTrained or kLlama3 where the tokenizer has their tokens, else kRaw.
// Throws Error(kBadInput) for one whose tokens the tokenizer lacks.
ChatWrapping choose_chat_wrapping(std::optional<ChatWrapping> asked, const Tokenizer& tokenizer);

// Supervised: every token of assistant messages, and the token that ends them. REQUIRES: there is such a message.
TrainSample encode_chat(const std::vector<ChatMessage>& messages, ChatWrapping wrapping, const Tokenizer& tokenizer);
// The same up to where the assistant's next message begins: what a model is to go on with.
std::vector<TokenId> encode_chat_prompt(const std::vector<ChatMessage>& messages, ChatWrapping wrapping,
                                        const Tokenizer& tokenizer);
// Supervised: every token of `text`, which follows `prompt` directly.
TrainSample encode_completion(std::string_view prompt, std::string_view text, const Tokenizer& tokenizer);
// Supervised: every token but the first.
TrainSample encode_plain_text(std::string_view text, const Tokenizer& tokenizer);

}  // namespace manyshot::train
