#include "predict/text_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"
#include "predict/ensemble_plan.h"
#include "predict/select_rows.h"

namespace manyshot {
namespace {

constexpr size_t kSampledRows = 32;  // queries are taken to be as long as the first labelled rows
constexpr size_t kJsonTokens = 12;   // of a written answer, beside its label
constexpr double kFilled = 0.95;     // of a member's room, where members share out rows, whose lengths differ

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
      most_tokens_(static_cast<size_t>(plan.options.prompt.prompt_tokens.value_or(plan.model.context_window))),
      class_counts_(shots.class_counts()),
      format_(shots_, shots.labels, shots.num_classes(), tokenizer, text_prompt_options(shots, plan.options.prompt),
              wrapping_of(plan.options.prompt, tokenizer)),
      notes_(format_.notes()) {
  make_members(plan, shots.labels, queries_per_prompt);
  for (TaskView& view : views_) fit_window(view, shots.labels, queries_per_prompt);
  describe_rows();
}

void TextTask::make_members(const PromptPlan& plan, const std::vector<int32_t>& labels, size_t queries_per_prompt) {
  const PromptForm& form = plan.options.prompt;
  const size_t num_features = format_.num_features(), num_classes = class_counts_.size();
  EnsembleShape shape{
      .members = 1,
      .max_rows = labels.size(),
      .max_features = form.prompt_columns ? std::min<size_t>(num_features, *form.prompt_columns) : num_features,
      .num_label_ids = num_classes,
      .both_scales = form.format == PromptStyle::kLines};
  const std::vector<double> relevance = format_.relevance();
  const Rng rng = Rng(plan.seed).child("ensemble");
  size_t parts = 1;
  if (form.prompt_tokens)
    parts = prompts_needed(make_views(labels, num_classes, relevance, shape, rng).front(), queries_per_prompt);
  const int members = plan.text_members(parts);
  shape.members = std::max(members, plan.least_members);
  views_ = make_views(labels, num_classes, relevance, shape, rng);
  if (parts > 1 && members > 1)
    share_out_rows(labels, num_classes, std::min<size_t>(parts, members), rng.child("parts"), views_);
  describe_ensemble(shape, labels.size(), num_features, notes_);
}

size_t TextTask::prompts_needed(const TaskView& view, size_t queries_per_prompt) const {
  const Prompt prompt = format_.prompt(view);
  const size_t reserved = reserved_tokens(view, prompt, queries_per_prompt);
  const size_t room = std::min(most_tokens_, window_ - std::min(window_ - 1, reserved));
  return static_cast<size_t>(
      std::ceil(static_cast<double>(prompt.context.size()) / (kFilled * static_cast<double>(room))));
}

size_t TextTask::reserved_tokens(const TaskView& view, const Prompt& prompt, size_t queries_per_prompt) const {
  const Table sample = first_rows(shots_, std::min<size_t>(shots_.num_rows, kSampledRows));
  size_t answer_tokens = 0;
  for (const auto& answer : prompt.answers) answer_tokens = std::max(answer_tokens, answer.size());
  if (queries_per_prompt == 1) {
    // A branch is the query with the prompt's end and the beginning of the answer; twice the longest of some leaves
    // room.
    const QueryTokens queries = format_.queries(sample, std::span(&view, 1)).front();
    size_t branch_tokens = 0;
    for (size_t row = 0; row < queries.size(); ++row) branch_tokens = std::max(branch_tokens, queries[row].size());
    return answer_tokens + 2 * branch_tokens;
  }
  // Half as much again as a query's line has on average, and the JSON of its answer.
  const size_t all = format_.prompt_tokens(sample, view).size() - prompt.context.size();
  return (all * 3 / (2 * sample.num_rows) + answer_tokens + kJsonTokens) * queries_per_prompt;
}

void TextTask::fit_window(TaskView& view, const std::vector<int32_t>& labels, size_t queries_per_prompt) {
  const Prompt prompt = format_.prompt(view);
  const size_t reserved = reserved_tokens(view, prompt, queries_per_prompt);
  std::set<int32_t> present;
  for (const uint32_t row : view.rows) present.insert(labels[row]);
  for (size_t tokens = prompt.context.size(); tokens > most_tokens_ || tokens + reserved > window_;
       tokens = format_.prompt(view).context.size()) {
    const double share = std::min(static_cast<double>(most_tokens_) / static_cast<double>(tokens),
                                  static_cast<double>(window_) / static_cast<double>(tokens + reserved));
    const auto fitting = static_cast<uint64_t>(static_cast<double>(view.rows.size()) * 0.98 * share);
    const uint64_t count = std::max<uint64_t>(fitting, present.size());
    if (count >= view.rows.size()) {
      if (tokens + reserved <= window_) break;
      fail(ErrorKind::kBadInput,
           "a prompt with one row of each class and {} does not fit the model's window of {} tokens ({} are needed "
           "for {}); --ignore columns, or use another model",
           queries_per_prompt == 1 ? "a query" : fmt::format("{} queries", queries_per_prompt), window_, reserved,
           queries_per_prompt == 1 ? "the query" : "the queries");
    }
    keep_rows(view, labels, count);
  }
}

void TextTask::describe_rows() {
  std::set<uint32_t> seen;
  size_t least = shots_.num_rows, most = 0;
  for (const TaskView& view : views_) {
    seen.insert(view.rows.begin(), view.rows.end());
    least = std::min(least, view.rows.size());
    most = std::max(most, view.rows.size());
  }
  if (least == shots_.num_rows) return;
  const std::string share = least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most);
  if (views_.size() > 1) {
    notes_.push_back(
        fmt::format("each of the {} members of the ensemble sees {} of the {} labelled rows, every class in proportion",
                    views_.size(), share, shots_.num_rows));
  }
  if (seen.size() < shots_.num_rows) {
    notes_.push_back(
        fmt::format("{} labelled rows do not fit {}: {} of them are used, every class in proportion; "
                    "a larger --ensemble uses more",
                    shots_.num_rows,
                    most_tokens_ < window_ ? fmt::format("prompts of {} tokens", most_tokens_)
                                           : fmt::format("the model's window of {} tokens", window_),
                    seen.size()));
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
