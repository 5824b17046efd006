// The text prompts of MachineLearningLM, byte for byte (arXiv 2509.06806, sections 2.4 and 2.5, and the code published
// with it): labelled rows and queries in one user message, the answer a JSON array. And `lines`, for small models, of
// rows alone. Format: docs/formats/text-prompts.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "encoding/prompt_format.h"
#include "encoding/text/cell_text.h"

namespace manyshot {

// What text prompts call the classes.
enum class LabelText {
  kIds,    // numbers from 0, as arXiv 2509.06806 has it
  kNames,  // their names
};
constexpr auto names_of(LabelText) {
  return std::to_array<Named<LabelText>>({{LabelText::kIds, "ids"}, {LabelText::kNames, "names"}});
}

struct TextPromptOptions {
  PromptStyle style = PromptStyle::kConcat;  // not kCompact
  NumberText numbers = NumberText::kPaper;
  bool feature_names =
      false;  // kConcat: a line that lists the columns (the paper leaves it out; kTabllm always has names)
  // [K] what a class is shown as, each as a JSON string ("yes", quotes and line ends escaped); empty: the id that the
  // view gives the class, as the paper has it. In `lines` a name stands as it is, behind a blank, and the columns'
  // names stand in the first line.
  std::vector<std::string> label_names;
  int digits = kLineDigits;  // of a number; kLines
};

// Writes prompts for one set of labelled rows.
class TextPrompt {
 public:
  TextPrompt(const Table& shots, std::span<const int32_t> labels, const TextPromptOptions& options);

  const Table& shots() const { return shots_; }
  std::span<const int32_t> labels() const { return labels_; }

  // The user message is head + query lines, separated by "\n", + tail(). `lines` has no tail.
  std::string head(const TaskView& view, size_t num_queries) const;
  std::string query_line(const Table& queries, size_t row, size_t id, const TaskView& view) const;
  std::string_view tail() const;
  // What class k is shown as: 1, or "yes" with its quotes.
  std::string label(size_t k, const TaskView& view) const;
  // [{"id": 0, "label": 1}, {"id": 1, "label": 0}]; `labels` as label() gives them.
  static std::string answer(std::span<const std::string> labels);

  std::string user_text(const Table& queries, const TaskView& view) const;
  // With rows [first_row, first_row + num_queries) of `queries` only; their ids count from 0.
  std::string user_text(const Table& queries, size_t first_row, size_t num_queries, const TaskView& view) const;

 private:
  std::string row_text(const Table& table, size_t row, const TaskView& view) const;
  std::string line(const Table& table, size_t row, const TaskView& view) const;
  std::string share_text(std::span<const Column> columns, size_t row, const TaskView& view) const;
  std::string lines_head(const TaskView& view) const;
  std::string label_set(const TaskView& view) const;

  const Table& shots_;
  std::vector<int32_t> labels_;
  TextPromptOptions options_;
  CellText cells_;
  std::vector<std::pair<size_t, size_t>> teachers_;  // kLines: each one's columns first, …, end - 1
};

}  // namespace manyshot
