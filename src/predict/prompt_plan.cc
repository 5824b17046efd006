#include "predict/prompt_plan.h"

#include <algorithm>
#include <optional>

#include "core/error.h"

namespace manyshot {
namespace {

void refuse_for_compact(const char* flag, std::optional<int> given, const ModelInfo& model) {
  if (!given) return;
  fail(ErrorKind::kBadInput, "{} {} is for language models; {} is a compact model: leave the option out", flag, *given,
       model.path);
}

// Throws Error(kBadInput) for an option that only language models follow, unless it has its default.
template <NamedEnum E>
void refuse_for_compact(const char* flag, std::optional<E> given, std::optional<E> none, const ModelInfo& model) {
  if (given == none) return;
  fail(ErrorKind::kBadInput, "{} {} is for language models; {} is a compact model: leave the option out", flag,
       name_of(*given), model.path);
}

void refuse_text_options(const PromptPlan& plan) {
  const MethodOptions& options = plan.options;
  refuse_for_compact<ChatWrapping>("--chat", options.prompt.chat, std::nullopt, plan.model);
  refuse_for_compact<NumberText>("--compat", options.prompt.compat, NumberText::kPaper, plan.model);
  refuse_for_compact<LabelText>("--labels", options.prompt.labels, LabelText::kIds, plan.model);
  refuse_for_compact("--digits", options.prompt.digits, plan.model);
  refuse_for_compact("--prompt-columns", options.prompt.prompt_columns, plan.model);
  refuse_for_compact("--prompt-tokens", options.prompt.prompt_tokens, plan.model);
  refuse_for_compact<Answers>("--answers", options.answers, Answers::kScored, plan.model);
}

void adopt_trained_prompt(const TrainedPrompt& trained, PromptForm& form) {
  form.format = form.format.value_or(trained.format);
  if ((form.format == PromptStyle::kLines) != (trained.format == PromptStyle::kLines)) return;
  form.chat = form.chat.value_or(trained.chat);
  const auto adopt = [](std::optional<int>& own, const std::optional<int>& trained_with) {
    if (!own) own = trained_with;
  };
  adopt(form.digits, trained.digits);
  adopt(form.prompt_columns, trained.columns);
  adopt(form.prompt_tokens, trained.tokens);
}

}  // namespace

PromptPlan plan_prompts(const ModelInfo& model, const MethodOptions& options, uint64_t seed) {
  PromptPlan plan{.model = model, .options = options, .seed = seed};
  const bool is_text = plan.is_text();
  plan.members = options.ensemble;
  if (plan.members && (*plan.members < 1 || *plan.members > PromptPlan::kMaxMembers)) {
    fail(ErrorKind::kBadInput, "--ensemble {}: give a number of members from 1 to {}", *plan.members,
         PromptPlan::kMaxMembers);
  }
  if (const auto format = options.prompt.format; format && is_text == (*format == PromptStyle::kCompact)) {
    fail(ErrorKind::kBadInput, "--format {}: {} reads {}", name_of(*format), model.path,
         is_text ? "concat, tabllm or lines" : "compact");
  }
  if (!is_text) {
    refuse_text_options(plan);
  } else if (model.trained_prompt) {
    adopt_trained_prompt(*model.trained_prompt, plan.options.prompt);
  }
  if (plan.options.prompt.format == PromptStyle::kLines && options.answers == Answers::kSequential) {
    fail(ErrorKind::kBadInput, "--answers sequential: a model that reads lines writes no JSON; take --answers scored");
  }
  return plan;
}

int PromptPlan::members_for(size_t num_rows, size_t num_features) const {
  const uint64_t rows = std::min<uint64_t>(num_rows, static_cast<uint64_t>(model.max_shots));
  const uint64_t columns = std::min<uint64_t>(num_features, static_cast<uint64_t>(model.trained_features));
  const uint64_t affordable = kCellsOfEnsemble / std::max<uint64_t>(1, rows * columns);
  const int chosen = members.value_or(static_cast<int>(std::min<uint64_t>(affordable, kMostMembers)));
  return std::max(chosen, number_members_for(num_rows));
}

int PromptPlan::number_members_for(size_t num_rows) const {
  const auto at_a_time = static_cast<uint64_t>(std::max(1, model.max_shots));
  const uint64_t needed = (num_rows + at_a_time - 1) / at_a_time;
  const auto chosen = static_cast<int>(std::clamp<uint64_t>(needed, kFewestMembers, kMostMembers));
  return std::max(members.value_or(chosen), least_members);
}

int PromptPlan::text_members(size_t prompts) const {
  const int most = options.prompt.prompt_tokens ? kMostTextMembers : 1;
  return members.value_or(static_cast<int>(std::min<size_t>(prompts, most)));
}

uint64_t PromptPlan::max_labelled_rows() const {
  // A row of a text prompt has at least three tokens.
  const int rows = is_text() ? model.context_window / 3 : model.max_shots;
  const int most = is_text() ? text_members(SIZE_MAX) : members.value_or(kMostMembers);
  return static_cast<uint64_t>(rows) * static_cast<uint64_t>(std::max(most, least_members));
}

void PromptPlan::check_classes(const LabelledTable& shots) const {
  if (model.max_classes == 0 || shots.num_classes() <= static_cast<size_t>(model.max_classes)) return;
  fail(ErrorKind::kUnsupported,
       "the target has {} classes and this model tells at most {} apart in one prompt; predict decides in "
       "several, among groups of them first: merge rare classes to be shown one",
       shots.num_classes(), model.max_classes);
}

}  // namespace manyshot
