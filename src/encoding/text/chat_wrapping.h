// What stands around the messages of a chat: in text prompts, in training samples and in requests to endpoints.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/names.h"

namespace manyshot {

enum class ChatWrapping {
  kRaw,      // nothing: contents in lines
  kChatMl,   // <|im_start|>role … <|im_end|>, of SmolLM2, Qwen2 and others
  kTrained,  // the same, with Qwen's default system message: what the published training has (arXiv 2509.06806)
  kLlama3,   // <|start_header_id|>role<|end_header_id|> … <|eot_id|>; training samples only
};
constexpr auto names_of(ChatWrapping) {
  return std::to_array<Named<ChatWrapping>>({{ChatWrapping::kRaw, "raw"},
                                             {ChatWrapping::kChatMl, "chatml"},
                                             {ChatWrapping::kTrained, "trained"},
                                             {ChatWrapping::kLlama3, "llama3"}});
}
// Those that text prompts have.
inline constexpr auto kPromptWrappings = {ChatWrapping::kRaw, ChatWrapping::kChatMl, ChatWrapping::kTrained};

inline constexpr std::string_view kSystemText = "You are an AI assistant. Your task is supervised classification.";
// Of Qwen's chat template, where a chat has no system message.
inline constexpr std::string_view kQwenSystemText =
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

// What stands before and behind the user message of a text prompt.
//   kRaw      the system text, a line end, the user text: plain continuation, as the published local evaluation does
//   kChatMl   with the system text as the system message
//   kTrained  Qwen's system message, the system text as the first line of the user's
struct Wrapping {
  std::string before;  // ends with a special token, or is empty
  std::string lead;    // plain text between that and the user message
  std::string after;   // begins with a special token, or is empty
};
// REQUIRES: one of kPromptWrappings.
Wrapping wrapping_text(ChatWrapping wrapping);

}  // namespace manyshot
