#include "predict/text_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"
#include "predict/ensemble.h"
#include "predict/select_rows.h"

namespace manyshot {
namespace {

constexpr size_t kSampledRows = 32;  // queries are taken to be as long as the first labelled rows
constexpr size_t kJsonTokens = 12;   // of a written answer, beside its label

// Chat models know ChatML's tokens.
ChatWrapping usual_wrapping(const Tokenizer& tokenizer) {
  return tokenizer.added_token("<|im_start|>") ? ChatWrapping::kChatMl : ChatWrapping::kRaw;
}

ChatWrapping wrapping_of(const PromptForm& form, const Tokenizer& tokenizer) {
  if (form.format != PromptStyle::kLines) return form.chat.value_or(usual_wrapping(tokenizer));
  if (form.chat && *form.chat != ChatWrapping::kRaw) {
    fail(ErrorKind::kBadInput, "--chat {}: --format lines is no message of a chat; take --chat raw, or leave it out",
         name_of(*form.chat));
  }
  return ChatWrapping::kRaw;
}

Table first_rows(const Table& table, size_t count) {
  Table result{.columns = table.columns, .num_rows = count};
  for (Column& column : result.columns) {
    if (column.is_number()) {
      column.numbers.resize(count);
    } else {
      column.codes.resize(count);
    }
  }
  return result;
}

}  // namespace

TextPromptOptions text_prompt_options(const LabelledTable& shots, const PromptForm& form) {
  const PromptStyle style = form.format.value_or(PromptStyle::kConcat);
  if (style == PromptStyle::kCompact) {
    fail(ErrorKind::kBadInput, "--format {}: text prompts are concat, tabllm or lines", name_of(style));
  }
  if (style != PromptStyle::kLines && form.digits) {
    fail(ErrorKind::kBadInput,
         "--digits {}: --format {} writes numbers as published; give --format lines, or leave it out", *form.digits,
         name_of(style));
  }
  return {.style = style,
          .numbers = form.compat,
          .label_names = form.labels == LabelText::kNames ? shots.classes : std::vector<std::string>{},
          .digits = form.digits.value_or(kLineDigits)};
}

TextTask::TextTask(const Tokenizer& tokenizer, const PromptPlan& plan, const LabelledTable& shots,
                   size_t queries_per_prompt)
    : shots_(shots.features),
      window_(static_cast<size_t>(plan.model.context_window)),
      class_counts_(shots.class_counts()),
      format_(shots_, shots.labels, shots.num_classes(), tokenizer, text_prompt_options(shots, plan.options.prompt),
              wrapping_of(plan.options.prompt, tokenizer)),
      notes_(format_.notes()) {
  const EnsembleShape shape{
      .members = std::max(plan.members.value_or(PromptPlan::kDefaultTextMembers), plan.least_members),
      .max_rows = shots.labels.size(),
      .max_features = format_.num_features(),
      .num_label_ids = shots.num_classes(),
      .both_scales = plan.options.prompt.format == PromptStyle::kLines};
  views_ = make_views(shots.labels, shots.num_classes(), format_.relevance(), shape, Rng(plan.seed).child("ensemble"));
  fit_window(shots.labels, queries_per_prompt);
}

void TextTask::fit_window(const std::vector<int32_t>& labels, size_t queries_per_prompt) {
  const Table sample = first_rows(shots_, std::min<size_t>(shots_.num_rows, kSampledRows));
  size_t least_rows = labels.size();
  for (TaskView& view : views_) {
    const Prompt first_prompt = format_.prompt(view);
    size_t reserved = 0;
    for (const auto& answer : first_prompt.answers) reserved = std::max(reserved, answer.size());
    if (queries_per_prompt == 1) {
      // A branch is the query with the prompt's end and the beginning of the answer; twice the longest of some leaves
      // room.
      const QueryTokens queries = format_.queries(sample, std::span(&view, 1)).front();
      size_t branch_tokens = 0;
      for (size_t row = 0; row < queries.size(); ++row) branch_tokens = std::max(branch_tokens, queries[row].size());
      reserved += 2 * branch_tokens;
    } else {
      // Half as much again as a query's line has on average, and the JSON of its answer.
      const size_t all = format_.prompt_tokens(sample, view).size() - first_prompt.context.size();
      reserved = (all * 3 / (2 * sample.num_rows) + reserved + kJsonTokens) * queries_per_prompt;
    }

    for (size_t tokens = first_prompt.context.size() + reserved; tokens > window_;
         tokens = format_.prompt(view).context.size() + reserved) {
      const double share = 0.98 * static_cast<double>(window_) / static_cast<double>(tokens);
      const auto count = static_cast<uint64_t>(static_cast<double>(view.rows.size()) * share);
      const auto num_present = static_cast<uint64_t>(
          std::count_if(class_counts_.begin(), class_counts_.end(), [](auto n) { return n > 0; }));
      if (reserved >= window_ || count < num_present) {
        fail(ErrorKind::kBadInput,
             "a prompt with one row of each class and {} does not fit the model's window of {} tokens ({} are needed "
             "for {}); --ignore columns, or use another model",
             queries_per_prompt == 1 ? "a query" : fmt::format("{} queries", queries_per_prompt), window_, reserved,
             queries_per_prompt == 1 ? "the query" : "the queries");
      }
      keep_rows(view, labels, count);
    }
    least_rows = std::min(least_rows, view.rows.size());
  }
  if (least_rows < labels.size()) {
    notes_.push_back(fmt::format(
        "{} labelled rows do not fit the model's window of {} tokens: it sees {} of them, each class in proportion",
        labels.size(), window_, least_rows));
  }
}

std::optional<LongQuery> TextTask::find_long_query(const Table& queries) const {
  std::vector<size_t> shot_tokens;
  for (const TaskView& view : views_) shot_tokens.push_back(format_.prompt(view).context.size());
  const std::vector<QueryTokens> tokens = format_.queries(queries, views_);
  for (size_t row = 0; row < queries.num_rows; ++row) {
    for (size_t view = 0; view < views_.size(); ++view) {
      const size_t own = tokens[view][row].size();
      if (shot_tokens[view] + own > window_)
        return LongQuery{.query = row, .tokens = own, .shot_tokens = shot_tokens[view], .window = window_};
    }
  }
  return std::nullopt;
}

// Keeps `count` of the view's rows in their order.
void TextTask::keep_rows(TaskView& view, const std::vector<int32_t>& labels, uint64_t count) const {
  std::vector<int32_t> view_labels;
  for (const uint32_t row : view.rows) view_labels.push_back(labels[row]);
  std::vector<uint32_t> kept;
  for (const uint64_t place :
       select_rows(view_labels, class_counts_.size(), count, Selection::kStratified, Rng(0).child("window"))) {
    kept.push_back(view.rows[place]);
  }
  view.rows = std::move(kept);
}

}  // namespace manyshot
