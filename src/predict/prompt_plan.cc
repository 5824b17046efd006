#include "predict/prompt_plan.h"

#include <tuple>

#include "core/error.h"

namespace manyshot {
namespace {

void refuse_text_options(const PromptPlan& plan) {
  for (const auto& [flag, value, none] : {std::tuple{"--chat", &plan.options.chat, "auto"},
                                          {"--compat", &plan.options.compat, "paper"},
                                          {"--labels", &plan.options.labels, "ids"},
                                          {"--answers", &plan.options.answers, "scored"}}) {
    if (*value != none) {
      fail(ErrorKind::kBadInput, "{} {} is for language models; {} is a compact model: leave the option out", flag,
           *value, plan.model.path);
    }
  }
}

void adopt_trained_prompt(const std::optional<TrainedPrompt>& trained, MethodOptions& options) {
  if (!trained) return;
  if (options.format == "auto") options.format = trained->format;
  if (options.chat == "auto") options.chat = trained->chat;
}

}  // namespace

PromptPlan::PromptPlan(const ModelInfo& asked, const MethodOptions& given, uint64_t random_seed)
    : model(asked),
      options(given),
      seed(random_seed),
      members(given.ensemble.value_or(is_text() ? kDefaultTextMembers : kDefaultMembers)) {
  if (members < 1 || members > kMaxMembers) {
    fail(ErrorKind::kBadInput, "--ensemble {}: give a number of members from 1 to {}", members, kMaxMembers);
  }
  if (options.format != "auto" && is_text() == (options.format == "compact")) {
    fail(ErrorKind::kBadInput, "--format {}: {} reads {}", options.format, model.path,
         is_text() ? "concat or tabllm" : "compact");
  }
  if (is_text()) {
    adopt_trained_prompt(model.trained_prompt, options);
  } else {
    refuse_text_options(*this);
  }
}

uint64_t PromptPlan::max_labelled_rows() const {
  // A row of a text prompt has at least three tokens.
  const int rows = is_text() ? model.context_window / 3 : model.max_shots;
  return static_cast<uint64_t>(rows) * static_cast<uint64_t>(members);
}

void PromptPlan::check_classes(const LabelledTable& shots) const {
  if (model.max_classes == 0 || shots.num_classes() <= static_cast<size_t>(model.max_classes)) return;
  fail(ErrorKind::kUnsupported,
       "the target has {} classes and this model tells at most {} apart; use --model xgboost or --model knn, or merge "
       "rare classes",
       shots.num_classes(), model.max_classes);
}

}  // namespace manyshot
