// A task as a language model reads it: the prompt format, and the views whose rows fit the model's window.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "encoding/text/text_format.h"
#include "predict/predictor.h"
#include "predict/prompt_plan.h"

namespace manyshot {

// How `form` asks for text prompts. Throws Error(kBadInput) for the format of another kind of model.
TextPromptOptions text_prompt_options(const LabelledTable& shots, const PromptForm& form);

class TextTask {
 public:
  // `tokenizer` must outlive the task. Where the labelled rows take more tokens than
  // plan.options.prompt.prompt_tokens, members share them out; what then is too much is left out, each class in
  // proportion, until a prompt with `queries_per_prompt` queries and the answers to them fits the model's window. Notes
  // say so. Throws Error(kBadInput) when one row of each class does not fit. REQUIRES: plan.is_text().
  TextTask(const Tokenizer& tokenizer, const PromptPlan& plan, const LabelledTable& shots, size_t queries_per_prompt);
  TextTask(const TextTask&) = delete;

  // The first query that is longer than the window behind the labelled rows of a view.
  std::optional<LongQuery> find_long_query(const Table& queries) const;

  const TextFormat& format() const { return format_; }
  const std::vector<TaskView>& views() const { return views_; }
  const std::vector<uint32_t>& class_counts() const { return class_counts_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  // Of the view's prompt, beside its labelled rows.
  size_t reserved_tokens(const TaskView& view, const Prompt& prompt, size_t queries_per_prompt) const;
  // How many it takes to hold all labelled rows, which the view has.
  size_t prompts_needed(const TaskView& view, size_t queries_per_prompt) const;
  void make_members(const PromptPlan& plan, const std::vector<int32_t>& labels, size_t queries_per_prompt);
  void fit_window(TaskView& view, const std::vector<int32_t>& labels, size_t queries_per_prompt);
  void keep_rows(TaskView& view, const std::vector<int32_t>& labels, uint64_t count) const;
  void describe_rows();

  Table shots_;  // the format refers to it
  size_t window_;
  size_t most_tokens_;  // of a member's labelled rows, if the window has room for them
  std::vector<uint32_t> class_counts_;
  TextFormat format_;
  std::vector<TaskView> views_;
  std::vector<std::string> notes_;
};

}  // namespace manyshot
