#include "evaluate/report/prediction_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "evaluate/report/reliability_plot.h"
#include "evaluate/report/summary_index.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

constexpr size_t kShownRows = 20;

bool is_less_sure(const ShownPrediction& a, const ShownPrediction& b) {
  return std::pair(a.confidence, a.row) < std::pair(b.confidence, b.row);
}

std::string count_text(uint64_t count) { return with_thousands(static_cast<long long>(count)); }

double ratio(double part, double whole) { return whole > 0 ? part / whole : kNotAvailable; }

std::string class_name(const PredictionFacts& facts, int32_t label) {
  if (label == -1) return "";
  return label < 0 ? "(another class)" : excerpt(facts.classes[static_cast<size_t>(label)]);
}

// Rows and columns of the confusion matrix that hold something: the further class only where it occurs.
bool has_further_class(const PredictionTally& tally) {
  return std::ranges::any_of(tally.confusion().back(), [](uint64_t count) { return count > 0; });
}

TextTable score_table(const PredictionTally& tally, const PredictionFacts& facts) {
  TextTable table{.title = fmt::format("Scores on {} rows with a label", count_text(tally.num_scored())),
                  .columns = {"", "accuracy", "balanced accuracy", "F1 (macro)", "AUC", "log loss", "ECE"}};
  const auto add = [&](const std::string& name, const Metrics& metrics) {
    table.rows.push_back({{name},
                          {value_text(metrics.accuracy)},
                          {value_text(metrics.balanced_accuracy)},
                          {value_text(metrics.macro_f1)},
                          {value_text(metrics.auc)},
                          {value_text(metrics.log_loss)},
                          {value_text(metrics.ece)}});
  };
  add(facts.model, tally.metrics());
  for (const auto& [name, metrics] : facts.beside) add(name, metrics);
  return table;
}

TextTable class_table(const PredictionTally& tally, const PredictionFacts& facts) {
  uint64_t labelled = 0;
  for (const uint32_t count : facts.class_counts) labelled += count;
  TextTable table{.title = "Classes",
                  .columns = {"class", "of the labelled rows", "predicted", "of the rows", "mean probability"}};
  const auto rows = static_cast<double>(tally.num_rows());
  for (size_t k = 0; k < facts.classes.size(); ++k) {
    table.rows.push_back({{excerpt(facts.classes[k])},
                          {value_text(ratio(facts.class_counts[k], static_cast<double>(labelled)))},
                          {count_text(tally.predicted()[k])},
                          {value_text(ratio(static_cast<double>(tally.predicted()[k]), rows))},
                          {value_text(ratio(tally.expected()[k], rows))}});
  }
  return table;
}

Section overview(const PredictionTally& tally, const PredictionFacts& facts) {
  Section section{.title = "What was predicted"};
  section.blocks.emplace_back(facts_table("", facts.facts));
  if (tally.num_scored() > 0) section.blocks.emplace_back(score_table(tally, facts));
  section.blocks.emplace_back(class_table(tally, facts));
  return section;
}

Chart confidence_chart(const PredictionTally& tally) {
  const std::vector<uint64_t>& bins = tally.confidence_bins();
  const double width = 1.0 / static_cast<double>(bins.size());
  Json x = Json::array(), y = Json::array();
  ChartView view;
  view.numbers = {.title = "Rows by confidence", .columns = {"confidence", "rows"}};
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    x.push_back(figure_number((static_cast<double>(bin) + 0.5) * width));
    y.push_back(bins[bin]);
    if (bins[bin] == 0) continue;
    view.numbers.rows.push_back(
        {{fmt::format("{:.2f} to {:.2f}", static_cast<double>(bin) * width, static_cast<double>(bin + 1) * width)},
         {count_text(bins[bin])}});
  }
  const Json trace{{"type", "bar"},
                   {"x", x},
                   {"y", y},
                   {"width", figure_number(width * 0.94)},
                   {"marker", {{"color", marker_of(0, 0)["color"]}}},
                   {"hovertemplate", "%{y} rows around %{x:.2f}<extra></extra>"}};
  view.panels.push_back(
      {"", figure(Json::array({trace}),
                  {{"xaxis", unit_axis("probability of the label")}, {"yaxis", axis("rows")}, {"height", 320}})});
  return {.title = "How sure the predictions are",
          .description = "Rows by the probability of the label that they got.",
          .choices = {},
          .views = {std::move(view)}};
}

TextTable least_sure_table(const PredictionTally& tally, const PredictionFacts& facts) {
  const bool has_truth = tally.num_scored() > 0;
  TextTable table{.title = "Least sure rows", .columns = {"row"}};
  table.columns.insert(table.columns.end(), facts.kept_names.begin(), facts.kept_names.end());
  table.columns.emplace_back("prediction");
  if (has_truth) table.columns.emplace_back("in the test file");
  table.columns.emplace_back("next likeliest");
  table.text_columns = table.columns.size();
  table.columns.insert(table.columns.end(), {"probability", "of the next"});
  for (const ShownPrediction& shown : tally.least_sure()) {
    std::vector<TextCell> cells{{std::to_string(shown.row)}};
    for (const std::string& cell : shown.kept) cells.push_back({excerpt(cell)});
    cells.push_back({class_name(facts, shown.label)});
    if (has_truth) cells.push_back({class_name(facts, shown.truth.value_or(-1))});
    cells.push_back({class_name(facts, shown.runner_up)});
    cells.push_back({value_text(shown.confidence)});
    cells.push_back({value_text(shown.runner_up_probability)});
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Section confidence_section(const PredictionTally& tally, const PredictionFacts& facts) {
  Section section{.title = "Confidence"};
  section.blocks.emplace_back(confidence_chart(tally));
  section.blocks.emplace_back(least_sure_table(tally, facts));
  return section;
}

Json confusion_figure(const PredictionTally& tally, const std::vector<std::string>& truths,
                      const std::vector<std::string>& labels) {
  Json shares = Json::array(), counts = Json::array();
  for (size_t truth = 0; truth < truths.size(); ++truth) {
    const std::vector<uint64_t>& row = tally.confusion()[truth];
    double all = 0;
    for (const uint64_t count : row) all += static_cast<double>(count);
    Json row_shares = Json::array();
    for (const uint64_t count : row) row_shares.push_back(figure_number(ratio(static_cast<double>(count), all)));
    shares.push_back(std::move(row_shares));
    counts.push_back(row);
  }
  const Json trace{{"type", "heatmap"},
                   {"x", category_labels(labels, 28)},
                   {"y", category_labels(truths, 28)},
                   {"z", shares},
                   {"text", counts},
                   {"texttemplate", "%{text}"},
                   {"hovertemplate", "%{y} taken for %{x}: %{text} rows, %{z:.3f} of the class<extra></extra>"},
                   {"textfont", {{"color", "#10151f"}}},
                   {"hoverongaps", false},
                   {"zmin", 0},
                   {"zmax", 1},
                   {"colorscale", Json::array({Json::array({0, "#f3f6fb"}), Json::array({1, "#6ea8e8"})})},
                   {"xgap", 1},
                   {"ygap", 1},
                   {"colorbar", {{"title", {{"text", "of the class"}, {"side", "top"}}}, {"thickness", 12}}}};
  Json x_axis = category_axis(), y_axis = category_axis();
  x_axis["title"] = {{"text", "label given"}};
  y_axis["title"] = {{"text", "in the test file"}, {"standoff", 14}};
  y_axis["autorange"] = "reversed";
  return figure(Json::array({trace}), {{"xaxis", x_axis},
                                       {"yaxis", y_axis},
                                       {"meta", {{"min_width", 260 + 62 * labels.size()}}},
                                       {"height", 200 + 34 * truths.size()}});
}

Chart confusion_chart(const PredictionTally& tally, const PredictionFacts& facts) {
  std::vector<std::string> truths = facts.classes;
  if (has_further_class(tally)) truths.emplace_back("(another class)");
  ChartView view;
  view.panels.push_back({"", confusion_figure(tally, truths, facts.classes)});
  view.numbers = {.title = "Rows by class and label given", .columns = {"in the test file"}};
  for (const std::string& name : facts.classes) view.numbers.columns.push_back(excerpt(name));
  for (size_t truth = 0; truth < truths.size(); ++truth) {
    std::vector<TextCell> cells{{excerpt(truths[truth])}};
    for (const uint64_t count : tally.confusion()[truth]) cells.push_back({count_text(count)});
    view.numbers.rows.push_back(std::move(cells));
  }
  return {.title = "Confusion matrix",
          .description =
              "Rows of the test file by their class (down) and the label they got (across). Right answers "
              "stand on the diagonal; the deeper the blue, the larger the share of the class.",
          .choices = {},
          .views = {std::move(view)}};
}

// Of the labels that were given.
TextTable label_table(const PredictionTally& tally, const PredictionFacts& facts) {
  TextTable table{.title = fmt::format("Labels, chosen for {}", facts.label_metric),
                  .columns = {"class", "rows", "precision", "recall", "F1"}};
  for (size_t k = 0; k < facts.classes.size(); ++k) {
    double rows = 0, given = 0;
    for (const uint64_t count : tally.confusion()[k]) rows += static_cast<double>(count);
    for (const std::vector<uint64_t>& truth : tally.confusion()) given += static_cast<double>(truth[k]);
    const auto right = static_cast<double>(tally.confusion()[k][k]);
    table.rows.push_back({{excerpt(facts.classes[k])},
                          {count_text(static_cast<uint64_t>(rows))},
                          {value_text(ratio(right, given))},
                          {value_text(ratio(right, rows))},
                          {value_text(ratio(2 * right, rows + given))}});
  }
  return table;
}

Chart calibration_chart(const PredictionTally& tally) {
  const std::vector<ReliabilityBin>& bins = tally.reliability();
  ChartView view;
  view.panels.push_back(
      {fmt::format("ECE {}", value_text(expected_calibration_error(bins))),
       figure(Json::array({guide_line(0, 0, 1, 1), share_trace(bins), reliability_trace(bins, "accuracy", 0)}),
              {{"xaxis", unit_axis("confidence")},
               {"yaxis", unit_axis("accuracy")},
               {"height", 360},
               {"showlegend", false}})});
  view.numbers = {.title = "Bins of confidence", .columns = {"confidence", "rows", "mean confidence", "accuracy"}};
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    if (bins[bin].rows == 0) continue;
    const auto rows = static_cast<double>(bins[bin].rows), width = 1.0 / static_cast<double>(bins.size());
    view.numbers.rows.push_back(
        {{fmt::format("{:.2f} to {:.2f}", static_cast<double>(bin) * width, static_cast<double>(bin + 1) * width)},
         {count_text(bins[bin].rows)},
         {value_text(bins[bin].confidence / rows)},
         {value_text(static_cast<double>(bins[bin].correct) / rows)}});
  }
  return {.title = "Calibration",
          .description =
              "The likeliest class of each row, in 15 bins by its probability (confidence): on the dashed "
              "line the model is right as often as it says, below it is too sure. Bars are the share of the "
              "rows in a bin; the expected calibration error (ECE) is the mean distance to the line.",
          .choices = {},
          .views = {std::move(view)}};
}

}  // namespace

PredictionTally::PredictionTally(size_t num_classes)
    : num_classes_(num_classes),
      confidence_bins_(kConfidenceBins),
      predicted_(num_classes),
      expected_(num_classes),
      confusion_(num_classes + 1, std::vector<uint64_t>(num_classes)),
      metrics_(num_classes) {}

void PredictionTally::add(std::span<const uint64_t> rows, std::span<const double> probabilities,
                          std::span<const int32_t> labels, std::span<const int32_t> truth,
                          std::span<const std::vector<std::string>> kept) {
  for (size_t row = 0; row < labels.size(); ++row) {
    const std::span<const double> p = probabilities.subspan(row * num_classes_, num_classes_);
    const auto label = static_cast<size_t>(labels[row]);
    ++predicted_[label];
    for (size_t k = 0; k < num_classes_; ++k) expected_[k] += p[k];
    const auto bin = static_cast<size_t>(p[label] * static_cast<double>(kConfidenceBins));
    ++confidence_bins_[std::min(bin, kConfidenceBins - 1)];
    size_t next = label == 0 ? 1 : 0;
    for (size_t k = 0; k < num_classes_; ++k) {
      if (k != label && p[k] > p[next]) next = k;
    }
    ShownPrediction shown{.row = rows[row],
                          .confidence = p[label],
                          .label = labels[row],
                          .runner_up = static_cast<int32_t>(next),
                          .runner_up_probability = p[next]};
    if (!truth.empty()) shown.truth = truth[row];
    for (const std::vector<std::string>& column : kept) shown.kept.push_back(column[row]);
    add_shown(std::move(shown));
    if (truth.empty() || truth[row] == -1) continue;
    ++confusion_[truth[row] < 0 ? num_classes_ : static_cast<size_t>(truth[row])][label];
    truth_.push_back(truth[row]);
    probabilities_.insert(probabilities_.end(), p.begin(), p.end());
  }
  num_rows_ += labels.size();
  if (!truth.empty()) metrics_.add(probabilities, truth);
}

void PredictionTally::add_shown(ShownPrediction prediction) {
  if (shown_.size() == kShownRows) {
    if (!is_less_sure(prediction, shown_.front())) return;
    std::ranges::pop_heap(shown_, is_less_sure);
    shown_.pop_back();
  }
  shown_.push_back(std::move(prediction));
  std::ranges::push_heap(shown_, is_less_sure);
}

std::vector<ShownPrediction> PredictionTally::least_sure() const {
  std::vector<ShownPrediction> sorted = shown_;
  std::ranges::sort(sorted, is_less_sure);
  return sorted;
}

Metrics PredictionTally::metrics() const {
  Metrics metrics = metrics_.result();
  metrics.auc = area_under_curve(probabilities_, truth_, num_classes_);
  return metrics;
}

std::string prediction_page(const PredictionTally& tally, const PredictionFacts& facts) {
  Document document{.title = "Predictions", .sections = {overview(tally, facts), confidence_section(tally, facts)}};
  if (tally.num_scored() > 0) {
    Section section{.title = "Right and wrong"};
    section.blocks.emplace_back(confusion_chart(tally, facts));
    section.blocks.emplace_back(label_table(tally, facts));
    section.blocks.emplace_back(calibration_chart(tally));
    document.sections.push_back(std::move(section));
  }
  return html_document(document);
}

}  // namespace manyshot::report
