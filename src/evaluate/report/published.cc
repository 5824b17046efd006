#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "evaluate/report/sections.h"

namespace manyshot::report {
namespace {

// Models by rows, shots by columns; models are told apart by where their numbers are from.
class AccuraciesByShots {
 public:
  void add(const PublishedComparison& comparison) {
    shots_.push_back(comparison.shots);
    for (const NamedAccuracy& row : comparison.measured) put(row.name, "measured here", row.accuracy);
    for (const NamedAccuracy& row : comparison.quoted) put(row.name, "quoted, " + row.source, row.accuracy);
    for (const std::string& deviation : comparison.deviations) {
      if (std::find(deviations_.begin(), deviations_.end(), deviation) == deviations_.end())
        deviations_.push_back(deviation);
    }
  }

  const std::vector<std::string>& deviations() const { return deviations_; }

  TextTable table(const std::string& title) const {
    TextTable table{.title = title, .columns = {"model", "where from"}, .text_columns = 2};
    for (const uint64_t shots : shots_) table.columns.push_back(fmt::format("{} shots", shots));
    for (const bool is_measured : {true, false}) {
      for (const Row& row : rows_) {
        if ((row.source == "measured here") != is_measured) continue;
        std::vector<TextCell>& cells = table.rows.emplace_back();
        cells = {{row.model}, {row.source}};
        for (size_t place = 0; place < shots_.size(); ++place)
          cells.push_back({value_text(place < row.values.size() ? row.values[place] : kNotAvailable)});
      }
    }
    return table;
  }

 private:
  struct Row {
    std::string model, source;
    std::vector<double> values;  // by shots_, as far as they go
  };

  void put(const std::string& model, const std::string& source, double accuracy) {
    auto row = std::find_if(rows_.begin(), rows_.end(),
                            [&](const Row& other) { return other.model == model && other.source == source; });
    if (row == rows_.end()) row = rows_.insert(row, {.model = model, .source = source, .values = {}});
    row->values.resize(shots_.size(), kNotAvailable);
    row->values.back() = accuracy;
  }

  std::vector<uint64_t> shots_;
  std::vector<std::string> deviations_;
  std::vector<Row> rows_;
};

}  // namespace

Section published_section(const SummaryIndex& index) {
  Section section{.title = "Beside published numbers"};
  std::vector<std::pair<std::string, AccuraciesByShots>> tables;  // by name, in the order of the summary
  for (const PublishedComparison& comparison : index.summary().published) {
    if (tables.empty() || tables.back().first != comparison.table)
      tables.emplace_back(comparison.table, AccuraciesByShots());
    tables.back().second.add(comparison);
  }
  if (tables.empty()) return section;
  section.blocks.emplace_back(Paragraph{
      "Accuracies. Rows marked \"quoted\" are numbers that arXiv 2509.06806 prints; nobody ran those models here. Rows "
      "marked \"measured here\" are of this run, and comparable when it kept to the paper's protocol and asked all "
      "test rows. Tables are paired by name alone. paper-knn and paper-forest are the paper's kNN and random forest; "
      "knn and forest are not."});
  for (const auto& [name, accuracies] : tables) {
    const std::string comparable = accuracies.deviations().empty()
                                       ? "comparable: the paper's protocol, all test rows"
                                       : fmt::format("not comparable: {}", fmt::join(accuracies.deviations(), "; "));
    section.blocks.emplace_back(
        accuracies.table(name.empty() ? "Mean over the paper's main set, which are other tables than ours"
                                      : fmt::format("{} ({})", name, comparable)));
  }
  return section;
}

}  // namespace manyshot::report
