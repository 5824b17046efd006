// The prompt that a language model was trained on, kept beside its weights or its adapter as manyshot_prompt.json, so
// that predictions ask it the same way.
#pragma once

#include <optional>
#include <string>

#include "core/json.h"
#include "encoding/prompt_format.h"
#include "encoding/text/chat_wrapping.h"

namespace manyshot {

struct TrainedPrompt {
  PromptStyle format;          // kConcat, kTabllm or kLines
  ChatWrapping chat;           // one of kPromptWrappings
  std::optional<int> digits;   // of kLines
  std::optional<int> columns;  // of a task, at most
  std::optional<int> tokens;   // of labelled rows, at most, that a prompt is best asked with
};

// What the file has: {"format", "chat"}, and "digits", "columns" and "tokens" where they are known.
Json to_json(const TrainedPrompt& prompt);
// "format lines, chat raw, up to 16 columns and 4,096 tokens of labelled rows".
std::string describe(const TrainedPrompt& prompt);

// Nothing for a folder without that file, and for a .gguf file. Throws Error(kCorruptFile) naming the file.
std::optional<TrainedPrompt> read_trained_prompt(const std::string& folder);
void write_trained_prompt(const TrainedPrompt& prompt, const std::string& folder);

}  // namespace manyshot
