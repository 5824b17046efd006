// Text prompts as token ids: the PromptFormat of general language models. The context is everything up to the first query's values;
// each query is a branch of its own (a test set of one row), and the answers are the ways the JSON can go on, as token sequences.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/text/text_prompt.h"
#include "encoding/tokenizer/tokenizer.h"

namespace manyshot {

class TextFormat : public PromptFormat {
 public:
  // `shots` and `tokenizer` must outlive the format. Columns with one and the same value in all labelled rows are left out.
  TextFormat(const Table& shots, std::span<const int32_t> labels, const Tokenizer& tokenizer, const TextPromptOptions& options,
             ChatWrapping wrapping);

  std::string_view name() const override { return style_ == TextStyle::kConcat ? "concat" : "tabllm"; }
  size_t num_features() const override { return columns_.size(); }
  const std::vector<std::string>& notes() const override { return notes_; }
  std::vector<double> relevance() const override { return std::vector<double>(columns_.size()); }
  Prompt prompt(const TaskView& view) const override;
  std::vector<QueryTokens> queries(const Table& queries, std::span<const TaskView> views) const override;

  // What the model sees of one query, up to the label, as text.
  std::string text(const Table& queries, size_t row, const TaskView& view) const;

 private:
  // The text is cut into context, branch and answer where no token reaches across: behind a word that a blank or a full stop follows.
  std::string context_text(const TaskView& view) const;
  std::string branch_text(const Table& queries, size_t row, const TaskView& view) const;
  std::vector<TokenId> answer_tokens(std::string_view label) const;
  TaskView with_table_columns(const TaskView& view) const;

  const Tokenizer& tokenizer_;
  TextStyle style_;
  std::vector<uint32_t> columns_;  // the table's columns that carry something
  TextPrompt text_;
  Wrapping wrapping_;
  std::vector<std::string> notes_;
  size_t num_shared_answer_tokens_ = 0;  // the first tokens of every answer, up to the label
};

}  // namespace manyshot
