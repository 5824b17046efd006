#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/text.h"
#include "evaluate/report/summary_index.h"
#include "lab/report/sections.h"
#include "report/figure.h"

namespace manyshot::lab {
namespace {

using report::Chart;
using report::ChartView;
using report::Paragraph;
using report::Section;
using report::TextCell;
using report::TextTable;

std::string percent(double share) { return std::isfinite(share) ? fmt::format("{:.1f}", 100 * share) : "–"; }

std::string interval_note(const Interval& interval) {
  return std::isfinite(interval.low) ? fmt::format("{} to {}", percent(interval.low), percent(interval.high)) : "";
}

// A row for each condition, a column for each split.
TextTable accuracy_table(const TaskSummary& task, Measure measure, const std::string& title) {
  const auto place = static_cast<size_t>(measure);
  TextTable table{.title = title, .columns = {"condition"}};
  table.columns.insert(table.columns.end(), task.splits.begin(), task.splits.end());
  std::vector<double> best(task.splits.size(), -1);
  for (const ConditionSummary& condition : task.conditions) {
    for (size_t i = 0; i < task.splits.size(); ++i) {
      if (const SplitAccuracy* split = condition.split(task.splits[i]))
        best[i] = std::max(best[i], split->accuracy[place]);
    }
  }
  for (const ConditionSummary& condition : task.conditions) {
    std::vector<TextCell> row{{condition.name}};
    for (size_t i = 0; i < task.splits.size(); ++i) {
      const SplitAccuracy* split = condition.split(task.splits[i]);
      row.push_back(split == nullptr ? TextCell{"–"}
                                     : TextCell{.text = percent(split->accuracy[place]),
                                                .note = interval_note(split->interval[place]),
                                                .is_best = split->accuracy[place] == best[i]});
    }
    table.rows.push_back(std::move(row));
  }
  std::vector<TextCell> chance{{"chance"}};
  for (const std::string& name : task.splits) {
    const SplitAccuracy* split = task.conditions.empty() ? nullptr : task.conditions.front().split(name);
    chance.push_back({split == nullptr ? "–" : percent(split->chance),
                      split == nullptr ? "" : fmt::format("{} questions", split->questions)});
  }
  table.rows.push_back(std::move(chance));
  return table;
}

// A dashed line over the bars of each split.
Json chance_lines(const TaskSummary& task) {
  Json lines = Json::array();
  for (size_t i = 0; i < task.splits.size(); ++i) {
    const SplitAccuracy* split = task.conditions.empty() ? nullptr : task.conditions.front().split(task.splits[i]);
    if (split == nullptr) continue;
    const double chance = 100 * split->chance, middle = static_cast<double>(i);
    lines.push_back({{"type", "line"},
                     {"x0", middle - 0.45},
                     {"x1", middle + 0.45},
                     {"y0", report::figure_number(chance)},
                     {"y1", report::figure_number(chance)},
                     {"line", {{"color", report::kGuideColour}, {"width", 2}, {"dash", "dash"}}}});
  }
  return lines;
}

// Bars of the conditions side by side, a group for each split, with a mark at chance.
ChartView accuracy_view(const TaskSummary& task, Measure measure) {
  const auto place = static_cast<size_t>(measure);
  Json traces = Json::array();
  for (size_t c = 0; c < task.conditions.size(); ++c) {
    std::vector<double> values, low, high;
    Json y = Json::array();
    for (const std::string& name : task.splits) {
      const SplitAccuracy* split = task.conditions[c].split(name);
      values.push_back(split == nullptr ? kNotAvailable : 100 * split->accuracy[place]);
      low.push_back(split == nullptr ? kNotAvailable : 100 * split->interval[place].low);
      high.push_back(split == nullptr ? kNotAvailable : 100 * split->interval[place].high);
      y.push_back(report::figure_number(values.back()));
    }
    traces.push_back({{"type", "bar"},
                      {"name", report::figure_text(task.conditions[c].name)},
                      {"x", task.splits},
                      {"y", y},
                      {"marker", {{"color", report::marker_of(c, 8)["color"]}}},
                      {"error_y", report::error_bars(values, low, high)},
                      {"hovertemplate", "%{x}: %{y} %"}});
  }
  Json chance = Json::array();
  for (const std::string& name : task.splits) {
    const SplitAccuracy* split = task.conditions.empty() ? nullptr : task.conditions.front().split(name);
    chance.push_back(split == nullptr ? Json() : report::figure_number(100 * split->chance));
  }
  traces.push_back({{"type", "scatter"},
                    {"mode", "markers"},
                    {"name", "chance"},
                    {"x", task.splits},
                    {"y", chance},
                    {"marker", {{"symbol", "line-ew-open"}, {"size", 16}, {"color", report::kGuideColour}}},
                    {"hovertemplate", "chance: %{y} %"}});
  Json y_axis = report::axis("right, %");
  y_axis["range"] = {0, 104};
  ChartView view;
  view.panels.push_back({"", report::figure(traces, {{"xaxis", report::category_axis()},
                                                     {"yaxis", y_axis},
                                                     {"barmode", "group"},
                                                     {"shapes", chance_lines(task)},
                                                     {"height", 420},
                                                     {"meta", {{"min_width", 560}}}})});
  view.numbers = accuracy_table(task, measure, fmt::format("Right answers in percent, by {}", name_of(measure)));
  return view;
}

// The sentence on one split: the best of the ways to use documents, and by how much.
std::string split_sentence(const TaskSummary& task, const std::string& split) {
  const ConditionSummary* plain = task.condition(ConditionKind::kFinetune);
  const ConditionSummary* best = nullptr;
  for (const ConditionSummary& condition : task.conditions) {
    const ConditionKind kind = condition.condition.kind;
    if (kind == ConditionKind::kNone || kind == ConditionKind::kShuffled || kind == ConditionKind::kIrrelevant)
      continue;
    const SplitAccuracy* accuracy = condition.split(split);
    if (accuracy != nullptr && (best == nullptr || accuracy->accuracy[0] > best->split(split)->accuracy[0]))
      best = &condition;
  }
  if (best == nullptr) return "";
  std::string text = fmt::format("On {} questions {} is best with {} % right (chance {} %)", split, best->name,
                                 percent(best->split(split)->accuracy[0]), percent(best->split(split)->chance));
  if (plain == nullptr || best == plain) return text + ".";
  const Difference difference = accuracy_difference(task.data->questions, best->scores, plain->scores, split);
  return text + fmt::format("; plain fine-tuning is right in {} %, a difference of {} ({}).",
                            percent(plain->split(split)->accuracy[0]), percent(difference.value),
                            interval_note(difference.interval));
}

std::string measure_title(Measure measure) {
  switch (measure) {
    case Measure::kSum:
      return "likelihood";
    case Measure::kMean:
      return "likelihood a token";
    case Measure::kPrior:
      return "likelihood less prior";
  }
  return "";
}

// Right answers among the questions that `group_of` puts together.
struct Group {
  double right = 0, count = 0, chance = 0;
};
using Groups = std::map<std::string, Group>;

void add_group(Groups& groups, const std::string& name, const LabQuestion& question, const QuestionScores& scores) {
  Group& group = groups[name];
  group.right += scores.is_right(question, Measure::kSum) ? 1 : 0;
  group.count += 1;
  group.chance += static_cast<double>(question.gold.size()) / static_cast<double>(question.alternatives.size());
}

std::string target_group(const LabQuestion& question, const QuestionScores& scores) {
  const bool gold =
      std::ranges::any_of(question.gold, [&](uint32_t place) { return scores.alternatives[place].was_target; });
  bool wrong = false;
  for (uint32_t k = 0; k < scores.alternatives.size(); ++k) {
    if (std::ranges::find(question.gold, k) == question.gold.end()) wrong = wrong || scores.alternatives[k].was_target;
  }
  if (gold) return wrong ? "answer and others were targets" : "only the answer was a target";
  return wrong ? "only others were targets" : "nothing was a target";
}

TextTable causes_table(const TaskSummary& task) {
  TextTable table{.title = fmt::format("{}: right answers in percent by what an answer depends on", task.name),
                  .columns = {"condition", "questions with", "right", "chance", "questions"},
                  .text_columns = 2};
  for (const ConditionSummary& condition : task.conditions) {
    Groups groups;
    for (const std::vector<QuestionScores>& seed : condition.scores) {
      for (size_t i = 0; i < seed.size(); ++i) {
        const LabQuestion& question = task.data->questions[i];
        add_group(groups, fmt::format("{} facts to join", question.hops), question, seed[i]);
        add_group(groups, fmt::format("kind {}", question.kind), question, seed[i]);
        if (condition.condition.trains()) add_group(groups, target_group(question, seed[i]), question, seed[i]);
        if (condition.condition.reads())
          add_group(groups, seed[i].has_support ? "support in the prompt" : "support missing", question, seed[i]);
      }
    }
    for (const auto& [name, group] : groups) {
      table.rows.push_back({{condition.name},
                            {name},
                            {percent(group.right / group.count)},
                            {percent(group.chance / group.count)},
                            {fmt::format("{:.0f}", group.count)}});
    }
  }
  return table;
}

// Accuracy of one split over steps, a line for each condition: the mean over seeds.
ChartView curve_view(const TaskSummary& task, const std::string& split) {
  Json traces = Json::array();
  TextTable numbers{.title = fmt::format("Right answers in percent while training goes on: {}", split),
                    .columns = {"condition", "step", "right"}};
  double last_step = 1, chance = 0;
  for (size_t c = 0; c < task.conditions.size(); ++c) {
    const ConditionSummary& condition = task.conditions[c];
    if (const SplitAccuracy* accuracy = condition.split(split)) chance = accuracy->chance;
    std::map<int64_t, std::pair<double, double>> sums;
    for (const UnitResult& unit : condition.units) {
      for (const Json& point : unit.curve) {
        if (!point.contains(split) || !point.at(split).is_number()) continue;
        auto& [sum, count] = sums[point.at("step").get<int64_t>()];
        sum += point.at(split).get<double>();
        count += 1;
      }
    }
    if (sums.empty()) continue;
    Json x = Json::array(), y = Json::array();
    for (const auto& [step, sum] : sums) {
      x.push_back(step);
      y.push_back(report::figure_number(100 * sum.first / sum.second));
      last_step = std::max(last_step, static_cast<double>(step));
      numbers.rows.push_back({{condition.name}, {std::to_string(step)}, {percent(sum.first / sum.second)}});
    }
    Json trace = report::line_trace(condition.name, c);
    trace["x"] = x;
    trace["y"] = y;
    traces.push_back(std::move(trace));
  }
  traces.push_back(report::guide_line(0, 100 * chance, last_step, 100 * chance));
  Json y_axis = report::axis("right, %");
  y_axis["range"] = {0, 104};
  ChartView view;
  view.panels.push_back(
      {"", report::figure(traces, {{"xaxis", report::axis("steps")}, {"yaxis", y_axis}, {"height", 380}})});
  view.numbers = std::move(numbers);
  return view;
}

bool has_curve(const TaskSummary& task) {
  return std::ranges::any_of(task.conditions, [](const ConditionSummary& condition) {
    return std::ranges::any_of(condition.units, [](const UnitResult& unit) { return !unit.curve.empty(); });
  });
}

}  // namespace

Section headline_section(const LabSummary& summary) {
  Section section{.title = "What was found", .blocks = {}};
  section.blocks.emplace_back(
      Paragraph{fmt::format("{} was given sets of documents in different ways and asked questions whose answers follow "
                            "from them. Each answer "
                            "is the alternative of highest likelihood behind the question; the alternatives are not "
                            "shown. {} of {} runs have "
                            "a result.",
                            summary.model, summary.finished, summary.units)});
  for (const TaskSummary& task : summary.tasks) {
    if (task.conditions.empty()) continue;
    section.blocks.emplace_back(
        accuracy_table(task, Measure::kSum, fmt::format("{}: right answers in percent", task.name)));
    std::string sentences;
    for (const std::string& split : task.splits) {
      const std::string sentence = split_sentence(task, split);
      if (!sentence.empty()) sentences += (sentences.empty() ? "" : " ") + sentence;
    }
    if (!sentences.empty()) section.blocks.emplace_back(Paragraph{sentences});
    for (const std::string& warning : task.warnings) section.blocks.emplace_back(Paragraph{"Note: " + warning});
  }
  return section;
}

Section accuracy_section(const LabSummary& summary) {
  Section section{.title = "Accuracy by split", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    if (task.conditions.empty()) continue;
    Chart chart{.title = task.name,
                .description =
                    "Right answers of each condition on each split, with 95 % intervals from resampling what the "
                    "questions are about, and seeds; the dashed lines are chance.",
                .choices = {{.label = "Answers chosen by", .options = {}}},
                .views = {}};
    for (const auto& entry : names_of(Measure{})) {
      chart.choices[0].options.push_back(measure_title(entry.value));
      chart.views.push_back(accuracy_view(task, entry.value));
    }
    section.blocks.emplace_back(std::move(chart));
  }
  return section;
}

Section causes_section(const LabSummary& summary) {
  Section section{.title = "Gaps by cause", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    if (task.conditions.empty()) continue;
    if (section.blocks.empty()) {
      section.blocks.emplace_back(Paragraph{
          "A target is what training asked the model to write behind something else. An answer that never was one can "
          "lose to alternatives that were, however well its facts are known."});
    }
    section.blocks.emplace_back(report::Fold{.title = task.name, .blocks = {causes_table(task)}});
  }
  return section;
}

Section curves_section(const LabSummary& summary) {
  Section section{.title = "While training goes on", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    if (!has_curve(task)) continue;
    Chart chart{.title = task.name,
                .description = "Right answers over optimiser steps, the mean over seeds; the dashed line is chance.",
                .choices = {{.label = "Split", .options = task.splits}},
                .views = {}};
    for (const std::string& split : task.splits) chart.views.push_back(curve_view(task, split));
    section.blocks.emplace_back(std::move(chart));
  }
  return section;
}

}  // namespace manyshot::lab
