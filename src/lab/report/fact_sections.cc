#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/text.h"
#include "lab/report/sections.h"

namespace manyshot::lab {
namespace {

using report::Fold;
using report::Paragraph;
using report::Section;
using report::TextCell;
using report::TextTable;

constexpr size_t kSamplesOfVerdict = 5;

std::string whole_number(double value) { return with_thousands(std::llround(value)); }

TextTable ledger_table(const TaskSummary& task) {
  TextTable table{.title = fmt::format("{}: what each condition saw, means over seeds", task.name),
                  .columns = {"condition", "seeds", "texts", "facts", "steps", "texts seen", "tokens", "seconds",
                              "FLOPs", "last loss", "seconds a question"}};
  for (const ConditionSummary& condition : task.conditions) {
    const UnitResult& first = condition.units.front();
    const auto trained = [&](auto member) {
      return mean_over(&condition,
                       [&](const UnitResult& unit) { return static_cast<double>((*unit.training).*member); });
    };
    std::vector<TextCell> row{{condition.name}, {std::to_string(condition.units.size())}};
    if (first.training) {
      row.push_back({whole_number(trained(&TrainingFacts::texts))});
      row.push_back({whole_number(trained(&TrainingFacts::facts))});
      row.push_back({whole_number(trained(&TrainingFacts::steps))});
      row.push_back({whole_number(trained(&TrainingFacts::presentations))});
      row.push_back({whole_number(trained(&TrainingFacts::tokens))});
      row.push_back({fmt::format("{:.1f}", trained(&TrainingFacts::seconds))});
      row.push_back({fmt::format("{:.3g}", trained(&TrainingFacts::flops))});
      row.push_back({fmt::format("{:.3f}", trained(&TrainingFacts::loss))});
    } else if (first.context) {
      row.push_back({fmt::format("{} of {}", first.context->documents, first.context->available)});
      row.push_back({std::to_string(first.context->facts)});
      row.insert(row.end(), {{"–"}, {"–"}, {whole_number(static_cast<double>(first.context->tokens))}});
      row.push_back({fmt::format("{:.1f}", first.times.first_s)});
      row.insert(row.end(), {{"–"}, {"–"}});
    } else {
      row.insert(row.end(), 8, TextCell{"–"});
    }
    const double question = mean_over(&condition, [](const UnitResult& unit) { return unit.times.question_s; });
    row.push_back({fmt::format("{:.3g}", question)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

TextTable verdict_table(const Audit& audit) {
  TextTable table{.title = "What the closed world says of the texts", .columns = {"verdict", "texts"}};
  for (const auto& entry : names_of(TextVerdict{})) {
    table.rows.push_back({{std::string(entry.name)},
                          {with_thousands(static_cast<long long>(audit.verdicts[static_cast<size_t>(entry.value)]))}});
  }
  table.rows.push_back({{"near duplicates"}, {with_thousands(static_cast<long long>(audit.near_duplicates))}});
  return table;
}

TextTable coverage_table(const Audit& audit) {
  TextTable table{.title = "Questions whose answer some text states outright",
                  .columns = {"split", "questions", "stated", "%"}};
  for (const SplitCoverage& split : audit.coverage) {
    table.rows.push_back(
        {{split.split},
         {std::to_string(split.questions)},
         {std::to_string(split.stated)},
         {fmt::format("{:.1f}", 100.0 * static_cast<double>(split.stated) / static_cast<double>(split.questions))}});
  }
  return table;
}

TextTable sample_table(const AugmentedData& augmented) {
  TextTable table{.title = "Samples", .columns = {"verdict", "kind", "text"}, .text_columns = 3};
  for (const auto& entry : names_of(TextVerdict{})) {
    size_t shown = 0;
    for (size_t i = 0; i < augmented.audit.texts.size() && shown < kSamplesOfVerdict; ++i) {
      if (augmented.audit.texts[i].verdict != entry.value) continue;
      const AugmentedText& text = augmented.augmentation.texts[i];
      table.rows.push_back({{std::string(entry.name)}, {std::string(name_of(text.kind))}, {excerpt(text.text, 300)}});
      ++shown;
    }
  }
  return table;
}

}  // namespace

Section augmentation_section(const LabSummary& summary) {
  Section section{.title = "Augmented texts", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    if (!task.augmented) continue;
    const Audit& audit = task.augmented->audit;
    const Augmentation& augmentation = task.augmented->augmentation;
    const double wrong = audit.wrong_rate();
    section.blocks.emplace_back(Paragraph{fmt::format(
        "{}: {} texts by {}, {} tokens read and {} written in {:.1f} s. {}", task.name,
        with_thousands(static_cast<long long>(augmentation.texts.size())), augmentation.by,
        with_thousands(static_cast<long long>(augmentation.cost.tokens_read)),
        with_thousands(static_cast<long long>(augmentation.cost.tokens_written)), augmentation.cost.seconds,
        std::isfinite(wrong)
            ? fmt::format("Of those that say something of the world, {:.1f} % say something wrong.", 100 * wrong)
            : "None says something that the world's sentence forms can read.")});
    section.blocks.emplace_back(verdict_table(audit));
    section.blocks.emplace_back(coverage_table(audit));
    section.blocks.emplace_back(
        Fold{.title = fmt::format("Samples of {}", task.name), .blocks = {sample_table(*task.augmented)}});
  }
  return section;
}

Section ledger_section(const LabSummary& summary) {
  Section section{.title = "What each condition saw", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    if (!task.conditions.empty()) section.blocks.emplace_back(ledger_table(task));
  }
  return section;
}

Section ability_section(const LabSummary& summary) {
  Section section{.title = "What it cost elsewhere", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    TextTable table{.title = task.name, .columns = {"condition", "knowledge, %", "standard error", "perplexity"}};
    for (const ConditionSummary& condition : task.conditions) {
      const Json& ability = condition.units.front().ability;
      if (ability.empty()) continue;
      const auto mean = [&](const char* key) {
        return mean_over(&condition, [&](const UnitResult& unit) { return unit.ability.value(key, std::nan("")); });
      };
      const auto text = [](double value, const char* format) {
        return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "–";
      };
      table.rows.push_back({{condition.name},
                            {text(100 * mean("knowledge_accuracy"), "{:.1f}")},
                            {text(100 * mean("knowledge_standard_error"), "{:.1f}")},
                            {text(mean("perplexity"), "{:.2f}")}});
    }
    if (!table.rows.empty()) section.blocks.emplace_back(std::move(table));
  }
  return section;
}

Section provenance_section(const LabSummary& summary) {
  Section section{.title = "Where the numbers come from", .blocks = {}};
  report::Facts facts{{"program", "manyshot " + summary.version}, {"model", summary.model}};
  for (const TaskSummary& task : summary.tasks) {
    facts.emplace_back(
        fmt::format("data {}", task.name),
        fmt::format("{}, seed {}: {} facts, {} documents, {} questions", task.kind, task.data->seed,
                    task.data->world.facts().size(), task.data->documents.size(), task.data->questions.size()));
    if (task.augmented && !task.augmented->augmentation.prompts.empty())
      facts.emplace_back(fmt::format("augmentation prompts of {}", task.name), task.augmented->augmentation.prompts);
  }
  section.blocks.emplace_back(report::facts_table("Data", facts));
  report::Facts options;
  for (const auto& [name, value] : summary.options.items()) options.emplace_back(name, report::plain_text(value));
  section.blocks.emplace_back(Fold{.title = "Options", .blocks = {report::facts_table("Options", options)}});
  return section;
}

}  // namespace manyshot::lab
