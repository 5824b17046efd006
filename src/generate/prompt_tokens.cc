#include "generate/prompt_tokens.h"

#include "core/error.h"
#include "core/text.h"
#include "model/language/language_model.h"

namespace manyshot {

std::vector<TokenId> prompt_tokens(std::string_view text, const Tokenizer& tokenizer) {
  std::vector<TokenId> tokens;
  const bool begins = (tokenizer.add_bos() || text.empty()) && tokenizer.bos();
  if (begins) tokens.push_back(*tokenizer.bos());
  tokenizer.append_encoded(text, /*parse_special=*/true, tokens);
  if (tokens.empty()) {
    fail(ErrorKind::kBadInput,
         "the prompt \"{}\" has no tokens, and the model no token to begin a text with; give some text", excerpt(text));
  }
  return tokens;
}

ChatWrapping choose_wrapping(std::optional<ChatWrapping> asked, const Tokenizer& tokenizer) {
  if (asked) return train::choose_chat_wrapping(asked, tokenizer);
  const ChatWrapping usual = train::choose_chat_wrapping(asked, tokenizer);
  return usual == ChatWrapping::kTrained ? ChatWrapping::kChatMl : usual;
}

std::vector<TokenId> chat_tokens(const std::vector<ChatMessage>& messages, ChatWrapping wrapping,
                                 const Tokenizer& tokenizer) {
  if (messages.empty()) fail(ErrorKind::kBadInput, "a conversation without messages; give at least one of the user");
  for (const ChatMessage& message : messages) {
    if (message.role == "system" || message.role == "user" || message.role == "assistant") continue;
    fail(ErrorKind::kBadInput, "a message of the role \"{}\"; roles are system, user and assistant",
         excerpt(message.role));
  }
  return train::encode_chat_prompt(messages, wrapping, tokenizer);
}

const LanguageModel& language_model_of(const Model& model) {
  if (model.language_model() != nullptr) return *model.language_model();
  fail(ErrorKind::kUnsupported,
       "{} is no language model: it scores table rows only and writes no text; give a folder or .gguf file of a Llama "
       "or Qwen2 model",
       model.info().path);
}

}  // namespace manyshot
