#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/text.h"
#include "evaluate/report/sections.h"

namespace manyshot::report {
namespace {

std::string what_was_measured(const SummaryIndex& index) {
  const Summary& summary = index.summary();
  uint64_t queries = 0;
  for (const TableSummary& table : summary.tables) queries += table.queries;
  std::string text = fmt::format("{} answered up to {} of {}", counted(index.num_models(), "model"),
                                 counted(queries, "test row"), counted(index.num_tables(), "table"));
  if (!index.shots().empty()) {
    text += index.shots().size() == 1
                ? fmt::format(", behind {} labelled rows", index.shots().front())
                : fmt::format(", behind {} to {} labelled rows (shots)", index.shots().front(), index.shots().back());
  }
  text += fmt::format("; protocol \"{}\", {}.", summary.run.protocol, counted(summary.run.seeds.size(), "row seed"));
  const auto failed = std::count_if(summary.units.begin(), summary.units.end(),
                                    [](const UnitSummary& unit) { return !unit.error.empty(); });
  if (failed > 0) text += fmt::format(" {} ended with an error.", counted(failed, "unit"));
  if (!summary.skipped_tables.empty())
    text += fmt::format(" {} could not be used.", counted(summary.skipped_tables.size(), "table"));
  return text;
}

// The model with the highest mean accuracy among those that have most tables.
const AverageSummary* best_model(const SummaryIndex& index, uint64_t shots) {
  const AverageSummary* best = nullptr;
  for (size_t model = 0; model < index.num_models(); ++model) {
    const AverageSummary* average = index.average(model, shots);
    if (average == nullptr || average->tables < index.most_tables(shots)) continue;
    if (best == nullptr || average->metrics[Metric::kAccuracy].mean > best->metrics[Metric::kAccuracy].mean)
      best = average;
  }
  return best;
}

std::string what_came_out(const SummaryIndex& index) {
  const uint64_t shots = index.shots()[index.main_shots()];
  const AverageSummary* best = best_model(index, shots);
  if (best == nullptr) return "No unit has a result.";
  const MetricSummary& highest = best->metrics[Metric::kAccuracy];
  std::string text =
      fmt::format("At {} shots, {} has the highest mean accuracy over {}: {}.", shots, index.model_name(best->model),
                  counted(best->tables, "table"), with_interval(highest.mean, highest.interval));
  for (size_t model = 0; model < index.num_models(); ++model) {
    const AverageSummary* average = index.average(model, shots);
    if (average == nullptr || index.model_name(model) == index.summary().run.baseline) continue;
    const MetricSummary& accuracy = average->metrics[Metric::kAccuracy];
    if (!std::isfinite(accuracy.difference)) continue;
    text += fmt::format(" {}: {} against {}, {} of {} won.", index.model_name(model),
                        with_interval(accuracy.difference, accuracy.difference_interval, signed_text),
                        index.summary().run.baseline, accuracy.wins,
                        counted(accuracy.wins + accuracy.ties + accuracy.losses, "table"));
  }
  return text;
}

// The models that have no result since all their answers were the labelled rows' majority; "" without any.
std::string what_is_no_result(const SummaryIndex& index) {
  std::string text;
  for (size_t model = 0; model < index.num_models(); ++model) {
    std::vector<uint64_t> shots;
    std::copy_if(index.shots().begin(), index.shots().end(), std::back_inserter(shots),
                 [&](uint64_t count) { return index.is_majority_alone(model, count); });
    if (shots.empty()) continue;
    text +=
        fmt::format("{}{} has no result at {} shots: all its answers there are the labelled rows' most frequent class.",
                    text.empty() ? "" : " ", index.model_name(model), fmt::join(shots, ", "));
  }
  return text.empty() ? "" : text + " Nothing that it wrote could be read, or all labelled rows were of one class.";
}

TextTable accuracy_table(const SummaryIndex& index) {
  return models_by_shots(index,
                         index.num_tables() == 1
                             ? "Accuracy"
                             : "Mean accuracy over the tables, with the 95 % interval of a bootstrap over tables",
                         [&](size_t model, uint64_t shots) -> TextCell {
                           const AverageSummary* average = index.average(model, shots);
                           if (average == nullptr)
                             return {"–", index.is_majority_alone(model, shots) ? "majority alone" : ""};
                           std::string note = interval_text(average->metrics[Metric::kAccuracy].interval);
                           if (average->tables < index.most_tables(shots))
                             note += fmt::format("\n{} only", counted(average->tables, "table"));
                           const AverageSummary* best = best_model(index, shots);
                           return {value_text(average->metrics[Metric::kAccuracy].mean), note, best == average};
                         });
}

TextTable comparison_table(const SummaryIndex& index, uint64_t shots) {
  const RunFacts& run = index.summary().run;
  TextTable table{.title = fmt::format("At {} shots", shots), .columns = {"model", "tables"}};
  if (!run.baseline.empty()) {
    table.columns.insert(table.columns.end(),
                         {"accuracy against " + run.baseline, "wins / ties / losses", "clear wins / losses"});
  }
  table.columns.push_back("average rank");
  if (!run.forest.empty()) table.columns.push_back("relative to " + run.forest);
  for (const Metric metric : kMetrics) table.columns.emplace_back(title_of(metric));
  for (size_t model = 0; model < index.num_models(); ++model) {
    const AverageSummary* average = index.average(model, shots);
    if (average == nullptr) continue;
    const MetricSummary& accuracy = average->metrics[Metric::kAccuracy];
    std::vector<TextCell> row{{index.model_name(model)}, {std::to_string(average->tables)}};
    if (index.model_name(model) == run.baseline) {
      row.insert(row.end(), {{"–"}, {"–"}, {"–"}});
    } else if (!run.baseline.empty()) {
      row.push_back({signed_text(accuracy.difference), interval_text(accuracy.difference_interval, signed_text)});
      row.push_back({fmt::format("{} / {} / {}", accuracy.wins, accuracy.ties, accuracy.losses)});
      row.push_back({fmt::format("{} / {}", average->clear_wins, average->clear_losses)});
    }
    row.push_back({rank_text(accuracy.average_rank)});
    if (!run.forest.empty()) row.push_back({percent_text(accuracy.relative_to_forest)});
    for (const Metric metric : kMetrics) row.push_back({value_text(average->metrics[metric].mean)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Section headline_section(const SummaryIndex& index) {
  Section section{.title = "Result"};
  section.blocks.emplace_back(Paragraph{what_was_measured(index)});
  if (index.shots().empty()) return section;
  section.blocks.emplace_back(Paragraph{what_came_out(index)});
  if (const std::string text = what_is_no_result(index); !text.empty()) section.blocks.emplace_back(Paragraph{text});
  section.blocks.emplace_back(accuracy_table(index));
  section.blocks.emplace_back(comparison_table(index, index.shots()[index.main_shots()]));
  section.blocks.emplace_back(Paragraph{
      "Wins compare accuracies table by table; a win is clear when the 95 % interval of that table's difference leaves "
      "0 out. Ranks are of the accuracy over the tables that every model has, 1 is best; relative means the difference "
      "of the mean accuracies as a share of the forest's. Log loss (nats), Brier score (0 to 2) and ECE are better "
      "when lower, the other metrics when higher. ● marks the best mean among models with all tables."});
  Fold others{.title = "the same at other numbers of shots"};
  for (size_t place = 0; place < index.shots().size(); ++place) {
    if (place != index.main_shots()) others.blocks.emplace_back(comparison_table(index, index.shots()[place]));
  }
  if (!others.blocks.empty()) section.blocks.emplace_back(std::move(others));
  return section;
}

}  // namespace manyshot::report
