// Prompts of language models as tokens: plain text, and conversations that the model is to go on with.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "encoding/prompt.h"
#include "encoding/text/chat_wrapping.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/model.h"
#include "train/data/chat.h"

namespace manyshot {

using train::ChatMessage;

// The tokens of `text`, special ones recognised, behind the beginning of a text where the model expects one. An empty
// text is that beginning alone. Throws Error(kBadInput) where that leaves no token.
std::vector<TokenId> prompt_tokens(std::string_view text, const Tokenizer& tokenizer);

// The wrapping that is asked for. Without one: kChatMl or kLlama3 where the tokenizer has their tokens, else kRaw.
// Throws Error(kBadInput) for one whose tokens the tokenizer lacks.
ChatWrapping choose_wrapping(std::optional<ChatWrapping> asked, const Tokenizer& tokenizer);
// The conversation up to where the assistant answers, as training has it (train/data/chat.h); contents are plain text,
// whatever they look like. Throws Error(kBadInput) without messages and for a role that is none of system, user and
// assistant.
std::vector<TokenId> chat_tokens(const std::vector<ChatMessage>& messages, ChatWrapping wrapping,
                                 const Tokenizer& tokenizer);

// The language model of `model`. Throws Error(kUnsupported) naming it where it is none.
const LanguageModel& language_model_of(const Model& model);

}  // namespace manyshot
