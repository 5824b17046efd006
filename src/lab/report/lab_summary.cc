#include "lab/report/lab_summary.h"

#include <algorithm>
#include <cmath>

namespace manyshot::lab {
namespace {

constexpr double kTokensTolerance = 0.25;  // beyond which a comparison of trained conditions is flagged

double training_value(const ConditionSummary* condition, auto member) {
  return mean_over(condition, [&](const UnitResult& unit) {
    return unit.training ? static_cast<double>((*unit.training).*member) : 0.0;
  });
}

// Unequal comparisons: what one condition saw, and the others did not.
void warn_of_unequal(const TaskSummary& task, std::vector<std::string>& warnings) {
  const ConditionSummary* plain = task.condition(ConditionKind::kFinetune);
  const double steps = training_value(plain, &TrainingFacts::steps);
  const double tokens = training_value(plain, &TrainingFacts::tokens);
  for (const ConditionSummary& condition : task.conditions) {
    if (condition.condition.trains() && plain != nullptr && condition.name != plain->name) {
      const double other_steps = training_value(&condition, &TrainingFacts::steps);
      const double other_tokens = training_value(&condition, &TrainingFacts::tokens);
      if (other_steps != steps) {
        warnings.push_back(
            fmt::format("{} trained for {:.0f} steps, {} for {:.0f}: not the same number of presentations.",
                        condition.name, other_steps, plain->name, steps));
      } else if (std::abs(other_tokens - tokens) > kTokensTolerance * tokens) {
        warnings.push_back(fmt::format("{} saw {:.0f} tokens in as many steps as {}, which saw {:.0f}.", condition.name,
                                       other_tokens, plain->name, tokens));
      }
    }
    const auto is_partial = [](const UnitResult& unit) {
      return unit.context && unit.context->documents < unit.context->available;
    };
    if (std::ranges::any_of(condition.units, is_partial)) {
      const ContextFacts& context = *condition.units.front().context;
      warnings.push_back(fmt::format("{} had room for {} of {} texts, which state {} of {} facts; training saw all.",
                                     condition.name, context.documents, context.available, context.facts,
                                     task.data->world.facts().size()));
    }
  }
}

// Controls: a model that was told nothing knows nothing, and material that was not learned says nothing of a gap.
void warn_of_controls(const TaskSummary& task, std::vector<std::string>& warnings) {
  if (const ConditionSummary* none = task.condition(ConditionKind::kNone)) {
    for (const SplitAccuracy& split : none->splits) {
      const Interval& interval = split.interval[0];
      if (std::isnan(interval.low) || (interval.low <= split.chance && split.chance <= interval.high)) continue;
      warnings.push_back(fmt::format(
          "Without the documents the model is right on {} in {:.1f} % of the questions, where guessing gives {:.1f} %: "
          "the questions give something away, or something that it knows speaks against the answers.",
          split.split, 100 * split.accuracy[0], 100 * split.chance));
    }
  }
  const ConditionSummary* plain = task.condition(ConditionKind::kFinetune);
  if (plain == nullptr || task.splits.empty()) return;
  const SplitAccuracy* forward = plain->split(task.splits.front());
  if (forward != nullptr && forward->accuracy[0] < 0.9) {
    warnings.push_back(fmt::format(
        "Fine-tuning reached {:.1f} % on {}, which only asks for what was trained: below 90 % the documents are not "
        "learned yet, and gaps on other splits say little. Train longer (--passes), or with another --learning-rate.",
        100 * forward->accuracy[0], forward->split));
  }
}

void add_costs(const LabRun& run, TaskSummary& task) {
  const ModelSize model = run.model_size();
  const ConditionSummary* plain = task.condition(ConditionKind::kFinetune);
  const ConditionSummary* augmented = task.condition(ConditionKind::kAugmented);
  const ConditionSummary* context = task.condition(ConditionKind::kContext);
  const ConditionSummary* none = task.condition(ConditionKind::kNone);
  const DataTokens tokens = count_tokens(*task.data, [&](const std::string& text) { return run.count_tokens(text); });
  if (model.parameters > 0) {
    CostSizes sizes{.parameters = model.parameters,
                    .layers = model.layers,
                    .hidden_size = model.hidden_size,
                    .key_value_size = model.key_value_size,
                    .document_tokens = context != nullptr
                                           ? mean_over(context,
                                                       [](const UnitResult& unit) {
                                                         return unit.context ? static_cast<double>(unit.context->tokens)
                                                                             : 0.0;
                                                       })
                                           : tokens.documents,
                    .question_tokens = tokens.question,
                    .training_tokens = training_value(plain, &TrainingFacts::tokens),
                    .passes = run.options().tuning.passes,
                    .lora = run.options().tuning.tuning == Tuning::kLora};
    if (sizes.training_tokens == 0) sizes.training_tokens = sizes.passes * tokens.documents;
    if (task.augmented) {
      sizes.augment_read = static_cast<double>(task.augmented->augmentation.cost.tokens_read);
      sizes.augment_written = static_cast<double>(task.augmented->augmentation.cost.tokens_written);
    }
    task.flops = flop_costs(sizes);
  }
  const ConditionSummary* tuned = plain != nullptr ? plain : none;
  task.seconds = second_costs(
      {.training = training_value(plain, &TrainingFacts::seconds),
       .augmented_training = training_value(augmented, &TrainingFacts::seconds),
       .augmentation = task.augmented ? task.augmented->augmentation.cost.seconds : 0,
       .tuned_question = mean_over(tuned, [](const UnitResult& unit) { return unit.times.question_s; }),
       .context_first = mean_over(context, [](const UnitResult& unit) { return unit.times.first_s; }),
       .cached_question = mean_over(context, [](const UnitResult& unit) { return unit.times.question_s; })});
}

TaskSummary summarise_task(const LabRun& run, const LabTask& task) {
  TaskSummary summary{.name = task.name, .kind = task.data.kind, .data = &task.data, .splits = splits_of(task.data)};
  for (const Condition& condition : run.conditions()) {
    ConditionSummary result{.condition = condition, .name = condition.name()};
    for (const UnitKey& key : run.units()) {
      if (key.data != task.name || key.condition != result.name) continue;
      if (auto unit = run.result(key)) {
        result.scores.push_back(std::move(unit->scores));
        result.units.push_back(std::move(*unit));
      }
    }
    if (result.units.empty()) continue;
    result.splits = split_accuracies(task.data.questions, result.scores);
    summary.conditions.push_back(std::move(result));
  }
  summary.augmented = run.augmented(task);
  add_costs(run, summary);
  warn_of_controls(summary, summary.warnings);
  warn_of_unequal(summary, summary.warnings);
  return summary;
}

Json split_json(const SplitAccuracy& split) {
  Json json = {{"split", split.split}, {"questions", split.questions}, {"chance", split.chance}};
  for (const auto& entry : names_of(Measure{})) {
    const auto place = static_cast<size_t>(entry.value);
    json[fmt::format("accuracy_{}", entry.name)] = split.accuracy[place];
    json[fmt::format("interval_{}", entry.name)] = {split.interval[place].low, split.interval[place].high};
  }
  json["support"] = split.support;
  json["gold_targets"] = split.gold_targets;
  json["target_wins"] = split.target_wins;
  json["target_share"] = split.target_share;
  return json;
}

}  // namespace

const SplitAccuracy* ConditionSummary::split(const std::string& split_name) const {
  const auto found = std::ranges::find(splits, split_name, &SplitAccuracy::split);
  return found == splits.end() ? nullptr : &*found;
}

const ConditionSummary* TaskSummary::condition(ConditionKind wanted) const {
  const auto is_wanted = [wanted](const ConditionSummary& one) { return one.condition.kind == wanted; };
  const auto found = std::ranges::find_if(conditions, is_wanted);
  return found == conditions.end() ? nullptr : &*found;
}

LabSummary summarise(const LabRun& run) {
  LabSummary summary{.version = run.version(), .model = run.options().model, .options = values_of(run.options())};
  summary.units = run.units().size();
  for (const LabTask& task : run.tasks()) {
    summary.tasks.push_back(summarise_task(run, task));
    for (const ConditionSummary& condition : summary.tasks.back().conditions)
      summary.finished += condition.units.size();
  }
  return summary;
}

Json to_json(const LabSummary& summary) {
  Json tasks = Json::array();
  for (const TaskSummary& task : summary.tasks) {
    Json conditions = Json::array();
    for (const ConditionSummary& condition : task.conditions) {
      Json splits = Json::array();
      for (const SplitAccuracy& split : condition.splits) splits.push_back(split_json(split));
      conditions.push_back({{"condition", condition.name}, {"seeds", condition.units.size()}, {"splits", splits}});
    }
    Json json = {{"data", task.name},
                 {"kind", task.kind},
                 {"conditions", conditions},
                 {"costs", {{"flops", to_json(task.flops)}, {"seconds", to_json(task.seconds)}}},
                 {"warnings", task.warnings}};
    if (task.augmented) json["augmentation"] = to_json(task.augmented->audit);
    tasks.push_back(std::move(json));
  }
  return {{"format", "manyshot lab summary"}, {"version", 1},           {"program", summary.version},
          {"model", summary.model},           {"units", summary.units}, {"finished", summary.finished},
          {"options", summary.options},       {"tasks", tasks}};
}

}  // namespace manyshot::lab
