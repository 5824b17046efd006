// The text prompts of MachineLearningLM, byte for byte (arXiv 2509.06806, sections 2.4 and 2.5, and the code published
// with it): labelled rows and queries in one user message, the answer a JSON array. Format:
// docs/formats/text-prompts.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/prompt_format.h"
#include "encoding/text/cell_text.h"

namespace manyshot {

enum class TextStyle {
  kConcat,  // "380,nurse|0": the trained form
  kTabllm,  // "age is 380, job is nurse, Label is 0": the verbose baseline
};
TextStyle parse_text_style(std::string_view name);  // "concat" or "tabllm"; else Error(kBadInput)

struct TextPromptOptions {
  TextStyle style = TextStyle::kConcat;
  NumberText numbers = NumberText::kPaper;
  bool feature_names =
      false;  // kConcat: a line that lists the columns (the paper leaves it out; kTabllm always has names)
  // [K] what a class is shown as, each as a JSON string ("yes", quotes and line ends escaped); empty: the id that the
  // view gives the class, as the paper has it.
  std::vector<std::string> label_names;
};

inline constexpr std::string_view kSystemText = "You are an AI assistant. Your task is supervised classification.";

// Writes prompts for one set of labelled rows.
class TextPrompt {
 public:
  TextPrompt(const Table& shots, std::span<const int32_t> labels, const TextPromptOptions& options);

  // The user message is head + query lines, separated by "\n", + tail().
  std::string head(const TaskView& view, size_t num_queries) const;
  std::string query_line(const Table& queries, size_t row, size_t id, const TaskView& view) const;
  static std::string_view tail();
  // What class k is shown as: 1, or "yes" with its quotes.
  std::string label(size_t k, const TaskView& view) const;
  // [{"id": 0, "label": 1}, {"id": 1, "label": 0}]; `labels` as label() gives them.
  static std::string answer(std::span<const std::string> labels);

  std::string user_text(const Table& queries, const TaskView& view) const;
  // With rows [first_row, first_row + num_queries) of `queries` only; their ids count from 0.
  std::string user_text(const Table& queries, size_t first_row, size_t num_queries, const TaskView& view) const;

 private:
  std::string row_text(const Table& table, size_t row, const TaskView& view) const;
  std::string label_set(const TaskView& view) const;

  const Table& shots_;
  std::vector<int32_t> labels_;
  TextPromptOptions options_;
  CellText cells_;
};

// What stands before and behind the user message.
//   kRaw     the system text, a line end, the user text: plain continuation, as the published local evaluation does
//   kChatMl  <|im_start|>system … <|im_end|> and so on, with the system text as the system message
//   kTrained the ChatML of the published training: Qwen's default system message, the system text as the first line of
//   the user's
enum class ChatWrapping { kRaw, kChatMl, kTrained };
struct Wrapping {
  std::string before;  // ends with a special token, or is empty
  std::string lead;    // plain text between that and the user message
  std::string after;   // begins with a special token, or is empty
};
Wrapping wrapping_text(ChatWrapping wrapping);
// "raw", "chatml" or "trained"; else Error(kBadInput).
ChatWrapping parse_chat_wrapping(std::string_view name);

}  // namespace manyshot
