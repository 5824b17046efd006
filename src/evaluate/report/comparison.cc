#include "evaluate/report/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "core/files.h"
#include "evaluate/report/summary_index.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

std::string difference_text(const PairedValue& value) {
  return with_interval(value.difference, value.interval, signed_text);
}

std::string counts_text(const ComparedShots& shots) {
  return fmt::format("{} / {} / {}", shots.wins, shots.ties, shots.losses);
}

// The most shots that at least half of the tables have.
size_t main_shots(const auto& all_shots) {
  size_t most = 0, place = 0;
  for (const auto& shots : all_shots) most = std::max(most, shots.tables.size());
  for (size_t i = 0; i < all_shots.size(); ++i) {
    if (2 * all_shots[i].tables.size() >= most) place = i;
  }
  return place;
}

std::string heading_of(const ComparedModels& models) {
  return models.first == models.second ? models.first : fmt::format("{} minus {}", models.second, models.first);
}

// Lines of cells, the first cell of each to the left and the others to the right.
std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (size_t cell = 0; cell < line.size(); ++cell) widths[cell] = std::max(widths[cell], line[cell].size());
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row = fmt::format("  {:<{}}", line.front(), widths.front());
    for (size_t cell = 1; cell < line.size(); ++cell) row += fmt::format("  {:>{}}", line[cell], widths[cell]);
    text += "\n" + row.substr(0, row.find_last_not_of(' ') + 1);
  }
  return text;
}

Panel difference_panel(const ComparedShots& shots) {
  std::vector<std::string> names;
  std::vector<double> values, low, high;
  Json x = Json::array();
  for (const ComparedTable& table : shots.tables) {
    names.push_back(table.name);
    values.push_back(table.accuracy.difference);
    low.push_back(table.accuracy.interval.low);
    high.push_back(table.accuracy.interval.high);
    x.push_back(figure_number(values.back()));
  }
  Json y_axis = category_axis(), x_axis = axis("accuracy, second run minus first");
  y_axis["autorange"] = "reversed";
  x_axis["zerolinewidth"] = 2;
  const Json trace{{"type", "scatter"},
                   {"mode", "markers"},
                   {"x", x},
                   {"y", category_labels(names, 28)},
                   {"error_x", error_bars(values, low, high)},
                   {"hovertemplate", "%{y}: %{x:+.4f}<extra></extra>"},
                   {"marker", marker_of(0, 9)}};
  return {"", figure(Json::array({trace}), {{"xaxis", x_axis},
                                            {"yaxis", y_axis},
                                            {"showlegend", false},
                                            {"height", 140 + 26 * shots.tables.size()}})};
}

TextTable table_differences(const ComparedShots& shots, const RunNames& names) {
  TextTable table{.title = fmt::format("Accuracy at {} shots", shots.shots),
                  .columns = {"table", names.first, names.second, "difference", "queries", "seeds"}};
  for (const ComparedTable& row : shots.tables) {
    table.rows.push_back({{row.name},
                          {value_text(row.accuracy.first)},
                          {value_text(row.accuracy.second)},
                          {signed_text(row.accuracy.difference), interval_text(row.accuracy.interval, signed_text)},
                          {std::to_string(row.queries)},
                          {std::to_string(row.seeds)}});
  }
  return table;
}

TextTable mean_differences(const ComparedModels& models) {
  TextTable table{.title = "Means over the tables: the second run minus the first, with 95 % intervals",
                  .columns = {"shots", "tables", "higher / equal / lower", "clearly higher / lower"}};
  for (const Metric metric : kTableMetrics) table.columns.push_back(title_of(metric));
  for (const ComparedShots& shots : models.shots) {
    std::vector<TextCell> row{{std::to_string(shots.shots)},
                              {std::to_string(shots.tables.size())},
                              {counts_text(shots)},
                              {fmt::format("{} / {}", shots.clear_wins, shots.clear_losses)}};
    for (const Metric metric : kTableMetrics) {
      const PairedValue& value = shots.metrics[metric];
      row.push_back({signed_text(value.difference), interval_text(value.interval, signed_text)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

constexpr std::array kNumberTitles{"R2", "relative RMSE", "relative MAE", "relative CRPS", "90 % holds", "50 % holds"};
static_assert(kNumberTitles.size() == kNumberAverages.size());

void add_numbers(const ComparedModels& models, const RunNames& names, Section& section) {
  if (models.number_shots.empty()) return;
  TextTable means{.title = "Numbers, means over the tables: the second run minus the first, with 95 % intervals",
                  .columns = {"shots", "tables", "R2 higher / equal / lower"}};
  means.columns.insert(means.columns.end(), kNumberTitles.begin(), kNumberTitles.end());
  for (const ComparedNumberShots& shots : models.number_shots) {
    std::vector<TextCell> row{{std::to_string(shots.shots)},
                              {std::to_string(shots.tables.size())},
                              {fmt::format("{} / {} / {}", shots.better, shots.equal, shots.worse)}};
    for (const PairedValue& value : shots.metrics)
      row.push_back({signed_text(value.difference), interval_text(value.interval, signed_text)});
    means.rows.push_back(std::move(row));
  }
  section.blocks.emplace_back(std::move(means));
  Fold fold{.title = "R2 table by table"};
  for (const ComparedNumberShots& shots : models.number_shots) {
    TextTable table{.title = fmt::format("R2 at {} shots", shots.shots),
                    .columns = {"table", names.first, names.second, "difference", "seeds"}};
    for (const ComparedNumberTable& row : shots.tables) {
      const PairedValue& r2 = row.metrics.front();
      table.rows.push_back({{row.name},
                            {value_text(r2.first)},
                            {value_text(r2.second)},
                            {signed_text(r2.difference)},
                            {std::to_string(row.seeds)}});
    }
    fold.blocks.emplace_back(std::move(table));
  }
  section.blocks.emplace_back(std::move(fold));
}

// For a terminal: R2 table by table at the main number of shots, and the means at all.
std::string number_lines(const ComparedModels& models) {
  if (models.number_shots.empty()) return "";
  const ComparedNumberShots& main = models.number_shots[main_shots(models.number_shots)];
  std::vector<std::vector<std::string>> lines{
      {fmt::format("R2 at {} shots", main.shots), "first", "second", "difference"}};
  for (const ComparedNumberTable& table : main.tables) {
    const PairedValue& r2 = table.metrics.front();
    lines.push_back({table.name, value_text(r2.first), value_text(r2.second), signed_text(r2.difference)});
  }
  for (const ComparedNumberShots& shots : models.number_shots) {
    for (size_t i = 0; i < kComparedNumbers.size(); ++i) {
      const PairedValue& mean = shots.metrics[i];
      lines.push_back({fmt::format("{}, mean of {} at {} shots", kNumberTitles[i],
                                   counted(shots.tables.size(), "table"), shots.shots),
                       value_text(mean.first), value_text(mean.second), difference_text(mean)});
      if (i == 0)
        lines.back().push_back(
            fmt::format("{} / {} / {} higher / equal / lower", shots.better, shots.equal, shots.worse));
    }
  }
  return aligned(lines);
}

Section models_section(const ComparedModels& models, const RunNames& names) {
  Section section{.title = heading_of(models)};
  add_numbers(models, names, section);
  if (models.shots.empty()) return section;
  section.blocks.emplace_back(mean_differences(models));
  Chart chart{.title = "Table by table",
              .description =
                  "The difference on each table, with its 95 % interval over the queries: where that leaves 0 "
                  "out, the difference is clear.",
              .choices = {{.label = "shots", .chosen = main_shots(models.shots)}}};
  for (const ComparedShots& shots : models.shots) {
    chart.choices.front().options.push_back(std::to_string(shots.shots));
    chart.views.push_back({{difference_panel(shots)}, table_differences(shots, names)});
  }
  section.blocks.emplace_back(std::move(chart));
  return section;
}

}  // namespace

std::string comparison_text(const RunComparison& comparison, const RunNames& names) {
  std::string text = fmt::format("{} minus {}, with 95 % intervals:", names.second, names.first);
  for (const ComparedModels& models : comparison.models) {
    if (models.is_equal) continue;  // a note says so
    text += "\n" + heading_of(models);
    text += number_lines(models);
    if (models.shots.empty()) continue;
    const ComparedShots& main = models.shots[main_shots(models.shots)];
    std::vector<std::vector<std::string>> lines{
        {fmt::format("accuracy at {} shots", main.shots), "first", "second", "difference"}};
    for (const ComparedTable& table : main.tables) {
      lines.push_back({table.name, value_text(table.accuracy.first), value_text(table.accuracy.second),
                       difference_text(table.accuracy)});
    }
    for (const ComparedShots& shots : models.shots) {
      const PairedValue& mean = shots.metrics[Metric::kAccuracy];
      lines.push_back({fmt::format("mean of {} at {} shots", counted(shots.tables.size(), "table"), shots.shots),
                       value_text(mean.first), value_text(mean.second), difference_text(mean),
                       counts_text(shots) + " higher / equal / lower"});
    }
    text += aligned(lines);
  }
  for (const std::string& note : comparison.notes) text += "\nnote: " + note;
  return text;
}

Document comparison_document(const RunComparison& comparison, const RunNames& names) {
  Document document{.title = "Comparison of two evaluations"};
  Section about{.title = "What is compared"};
  about.blocks.emplace_back(facts_table("", {{"first run", names.first}, {"second run", names.second}}));
  about.blocks.emplace_back(Paragraph{
      "Differences are the second run's value minus the first's, on the same test rows behind the same labelled rows, "
      "and averaged over the seeds that both have. On one table the interval is over its queries, for means it is a "
      "bootstrap over the tables; both are paired, and narrower for it. Log loss, Brier score, ECE and "
      "the errors of numbers are better when lower."});
  if (!comparison.notes.empty())
    about.blocks.emplace_back(Paragraph{fmt::format("Notes: {}.", fmt::join(comparison.notes, "; "))});
  document.sections.push_back(std::move(about));
  for (const ComparedModels& models : comparison.models) {
    if (!models.is_equal) document.sections.push_back(models_section(models, names));
  }
  return document;
}

void write_comparison(const RunComparison& comparison, const RunNames& names, const std::string& folder) {
  make_folder(folder);
  const auto path = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  const Document document = comparison_document(comparison, names);
  write_file(path("comparison.html"), html_document(document));
  write_file(path("comparison.md"), markdown_document(document));
  write_file(path("comparison.json"), to_json(comparison).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace manyshot::report
