// Text prompts as token ids: the PromptFormat of general language models. The context is everything up to the first
// query's values; each query is a branch of its own (a test set of one row), and the answers are the ways the JSON can
// go on, as token sequences.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/text/chat_wrapping.h"
#include "encoding/text/text_columns.h"
#include "encoding/text/text_prompt.h"
#include "encoding/tokenizer/tokenizer.h"

namespace manyshot {

class TextFormat : public PromptFormat {
 public:
  // `shots` and `tokenizer` must outlive the format. Columns with one and the same value in all labelled rows are left
  // out. REQUIRES: num_classes >= 2, as many as options.label_names if those are given; kRaw for kLines.
  TextFormat(const Table& shots, std::span<const int32_t> labels, size_t num_classes, const Tokenizer& tokenizer,
             const TextPromptOptions& options, ChatWrapping wrapping);

  std::string_view name() const override { return name_of(style_); }
  size_t num_features() const override { return columns_.columns.size(); }
  const std::vector<std::string>& notes() const override { return columns_.notes; }
  // Of a number the share of its ranks' variance that lies between the classes, of a category what its levels tell of
  // them beyond chance.
  std::vector<double> relevance() const override;
  Prompt prompt(const TaskView& view) const override;
  std::vector<QueryTokens> queries(const Table& queries, std::span<const TaskView> views) const override;

  // The whole prompt with all of `queries` in it, up to where the JSON array begins: as text, and as the model's
  // tokens.
  std::string prompt_text(const Table& queries, const TaskView& view) const;
  std::vector<TokenId> prompt_tokens(const Table& queries, const TaskView& view) const;
  // What class k is called in it.
  std::string label(size_t k, const TaskView& view) const { return text_.label(k, view); }
  // The user message alone.
  std::string user_text(const Table& queries, const TaskView& view) const;

 private:
  // The text is cut into context, branch and answer where no token reaches across: behind a word that a blank or a full
  // stop follows; in `lines`, behind a line end and a bar.
  std::vector<TokenId> first_tokens() const;  // the model's beginning of text, and the wrapping before the user message
  std::string context_text(const TaskView& view) const;
  std::string branch_text(const Table& queries, size_t row, const TaskView& view) const;
  std::vector<TokenId> answer_tokens(std::string_view label) const;
  void find_answer_start(size_t num_classes);
  bool is_lines() const { return style_ == PromptStyle::kLines; }

  const Tokenizer& tokenizer_;
  PromptStyle style_;
  TextColumns columns_;
  TextPrompt text_;
  bool has_names_;
  Wrapping wrapping_;
  std::vector<TokenId> answer_start_;  // the first tokens of every answer, up to where labels part
};

}  // namespace manyshot
