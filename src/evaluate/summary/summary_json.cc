#include "evaluate/summary/summary_json.h"

#include "evaluate/summary/answer_fields.h"

namespace manyshot {
namespace {

Json to_json(const Interval& interval) { return Json::array({interval.low, interval.high}); }

Json to_json(const Metrics& metrics) {
  Json json{{"rows", metrics.rows}};
  for (const Metric metric : kMetrics) json[name_of(metric)] = metrics[metric];
  return json;
}

Json to_json(const std::vector<ReliabilityBin>& bins) {
  Json json = Json::array();
  for (const ReliabilityBin& bin : bins) {
    json.push_back({{"rows", bin.rows}, {"correct", bin.correct}, {"confidence", bin.confidence}});
  }
  return json;
}

// Four queries a digit, the first the highest bit; zeros at the end fill the last.
std::string hex_bits(const std::vector<uint8_t>& bits) {
  std::string text((bits.size() + 3) / 4, '0');
  for (size_t digit = 0; digit < text.size(); ++digit) {
    unsigned value = 0;
    for (size_t bit = 4 * digit; bit < 4 * digit + 4; ++bit)
      value = 2 * value + (bit < bits.size() && bits[bit] ? 1 : 0);
    text[digit] = "0123456789abcdef"[value];
  }
  return text;
}

Json to_json(const RunFacts& run) {
  return {{"version", run.version},     {"protocol", run.protocol}, {"shots", run.shots},
          {"seeds", run.seeds},         {"baseline", run.baseline}, {"forest", run.forest},
          {"started", run.started},     {"finished", run.finished}, {"processor", run.processor},
          {"threads", run.num_threads}, {"options", run.options}};
}

Json to_json(const ModelSummary& model) {
  return {{"name", model.name}, {"path", model.path}, {"uncalibrated", model.uncalibrated}};
}

Json to_json(const TableSummary& table) {
  return {{"name", table.name},
          {"path", table.path},
          {"target", table.target},
          {"classes", table.classes},
          {"class_rows", table.class_rows},
          {"rows", table.rows},
          {"train_rows", table.train_rows},
          {"queries", table.queries},
          {"features", table.features},
          {"text_columns", table.text_columns},
          {"missing_cells", table.missing_cells},
          {"sha256", table.hash}};
}

Json to_json(const MetricSummary& metric) {
  return {{"mean", metric.mean},
          {"interval", to_json(metric.interval)},
          {"difference", metric.difference},
          {"difference_interval", to_json(metric.difference_interval)},
          {"wins", metric.wins},
          {"ties", metric.ties},
          {"losses", metric.losses},
          {"average_rank", metric.average_rank},
          {"relative_to_forest", metric.relative_to_forest}};
}

// Places of models and tables become names.
class SummaryWriter {
 public:
  explicit SummaryWriter(const Summary& summary) : summary_(summary) {}

  Json operator()(const SkippedTable& table) const { return {{"path", table.path}, {"reason", table.reason}}; }
  Json operator()(const ShortTable& table) const {
    return {{"table", table_name(table.table)}, {"shots", table.shots}};
  }

  Json operator()(const UnitSummary& unit) const {
    Json json{{"model", model_name(unit.model)},
              {"table", table_name(unit.table)},
              {"shots", unit.shots},
              {"seed", unit.seed}};
    if (!unit.error.empty()) {
      json["error"] = unit.error;
      return json;
    }
    json["metrics"] = to_json(unit.metrics);
    json["correct"] = hex_bits(unit.correct);
    json["reliability"] = to_json(unit.reliability);
    json["fit_s"] = unit.fit_s;
    json["predict_s"] = unit.predict_s;
    json["contexts"] = unit.contexts;
    json["one_class_contexts"] = unit.one_class_contexts;
    json["answers"] = to_json(unit.answers);
    json["notes"] = unit.notes;
    return json;
  }

  Json operator()(const CellSummary& cell) const {
    return {{"model", model_name(cell.model)},
            {"table", table_name(cell.table)},
            {"shots", cell.shots},
            {"seeds", cell.seeds},
            {"mean", to_json(cell.mean)},
            {"accuracy_interval", to_json(cell.accuracy_interval)},
            {"difference", cell.difference},
            {"difference_interval", to_json(cell.difference_interval)}};
  }

  Json operator()(const AverageSummary& average) const {
    Json json{{"model", model_name(average.model)},
              {"shots", average.shots},
              {"tables", average.tables},
              {"failed_units", average.failed_units},
              {"majority_units", average.majority_units}};
    for (const Metric metric : kMetrics) json["metrics"][name_of(metric)] = to_json(average.metrics[metric]);
    json["clear_wins"] = average.clear_wins;
    json["clear_losses"] = average.clear_losses;
    json["reliability"] = to_json(average.reliability);
    json["seconds_per_query"] = average.seconds_per_query;
    json["tokens_per_query"] = average.tokens_per_query;
    json["answers"] = to_json(average.answers);
    return json;
  }

  Json operator()(const CurveSummary& curve) const {
    return {{"model", model_name(curve.model)},
            {"tables", curve.tables},
            {"mean", curve.mean},
            {"steps", curve.steps},
            {"falling_steps", curve.falling_steps},
            {"largest_fall", curve.largest_fall},
            {"table_steps", curve.table_steps},
            {"table_collapses", curve.table_collapses}};
  }

  Json operator()(const ExamplePrompt& example) const {
    Json json{{"table", table_name(example.table)},
              {"shots", example.shots},
              {"seed", example.seed},
              {"prompt", example.prompt},
              {"rows", example.rows},
              {"truth", example.truth},
              {"answers", Json::array()}};
    for (const ExampleAnswer& answer : example.answers) {
      json["answers"].push_back({{"model", model_name(answer.model)},
                                 {"text", answer.text},
                                 {"truth_probabilities", answer.truth_probabilities}});
    }
    return json;
  }

  Json operator()(const PublishedComparison& comparison) const {
    Json json{{"table", comparison.table},
              {"shots", comparison.shots},
              {"quoted", Json::array()},
              {"measured", Json::array()},
              {"deviations", comparison.deviations}};
    for (const NamedAccuracy& row : comparison.quoted) {
      json["quoted"].push_back({{"name", row.name}, {"accuracy", row.accuracy}, {"source", row.source}});
    }
    for (const NamedAccuracy& row : comparison.measured) {
      json["measured"].push_back({{"name", row.name}, {"accuracy", row.accuracy}});
    }
    return json;
  }

  Json operator()(const NumberUnitSummary& unit) const {
    Json json{{"model", model_name(unit.model)},
              {"table", summary_.number_tables[unit.table].name},
              {"shots", unit.shots},
              {"seed", unit.seed}};
    if (!unit.error.empty()) {
      json["error"] = unit.error;
      return json;
    }
    json["metrics"] = {{"rows", unit.metrics.rows}};
    for (const auto& [name, member] : kNumberMetrics) json["metrics"][name] = unit.metrics.*member;
    json["fit_s"] = unit.fit_s;
    json["predict_s"] = unit.predict_s;
    json["contexts"] = unit.contexts;
    json["notes"] = unit.notes;
    return json;
  }

  Json operator()(const NumberAverageSummary& average) const {
    Json json{{"model", model_name(average.model)},
              {"shots", average.shots},
              {"tables", average.tables},
              {"failed_units", average.failed_units}};
    for (const auto& [name, member] : kNumberAverages) json[name] = average.*member;
    json["wins"] = average.wins;
    for (size_t i = 0; i < kComparedNumbers.size(); ++i) {
      const NumberDifference& difference = average.against_baseline[i];
      json["against_baseline"][kComparedNumbers[i].first] = {{"difference", difference.difference},
                                                             {"interval", to_json(difference.interval)},
                                                             {"better", difference.better},
                                                             {"equal", difference.equal},
                                                             {"worse", difference.worse}};
    }
    return json;
  }

  template <class Entry>
  Json list(const std::vector<Entry>& entries) const {
    Json json = Json::array();
    for (const Entry& entry : entries) json.push_back((*this)(entry));
    return json;
  }

 private:
  const std::string& model_name(size_t place) const { return summary_.models[place].name; }
  const std::string& table_name(size_t place) const { return summary_.tables[place].name; }

  const Summary& summary_;
};

}  // namespace

Json to_json(const Summary& summary) {
  const SummaryWriter writer(summary);
  Json json{{"format", kSummaryFormat}, {"run", to_json(summary.run)}};
  json["models"] = Json::array();
  json["tables"] = Json::array();
  for (const ModelSummary& model : summary.models) json["models"].push_back(to_json(model));
  for (const TableSummary& table : summary.tables) json["tables"].push_back(to_json(table));
  json["skipped_tables"] = writer.list(summary.skipped_tables);
  json["short_tables"] = writer.list(summary.short_tables);
  json["averages"] = writer.list(summary.averages);
  json["curves"] = writer.list(summary.curves);
  json["cells"] = writer.list(summary.cells);
  json["units"] = writer.list(summary.units);
  json["examples"] = writer.list(summary.examples);
  json["published"] = writer.list(summary.published);
  json["number_tables"] = Json::array();
  for (const TableSummary& table : summary.number_tables) json["number_tables"].push_back(to_json(table));
  json["number_averages"] = writer.list(summary.number_averages);
  json["number_units"] = writer.list(summary.number_units);
  return json;
}

}  // namespace manyshot
