#include <map>

#include "core/error.h"
#include "core/files.h"
#include "evaluate/summary/answer_fields.h"
#include "evaluate/summary/summary_json.h"

namespace manyshot {
namespace {

double number(const Json& json) { return json.is_null() ? kNotAvailable : json.get<double>(); }

std::vector<double> numbers(const Json& json) {
  std::vector<double> result;
  for (const Json& value : json) result.push_back(number(value));
  return result;
}

Interval interval(const Json& json) { return {number(json.at(0)), number(json.at(1))}; }

Metrics metrics(const Json& json) {
  Metrics result{.rows = json.at("rows")};
  for (const Metric metric : kMetrics) result[metric] = number(json.at(name_of(metric)));
  return result;
}

// The inverse of hex_bits() of summary_json.cc; empty where the file has fewer digits.
std::vector<uint8_t> bits_of(const std::string& hex, uint64_t count) {
  std::vector<uint8_t> bits;
  if (hex.size() < (count + 3) / 4) return bits;
  for (uint64_t bit = 0; bit < count; ++bit) {
    const char digit = hex[bit / 4];
    const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    bits.push_back(value >> (3 - bit % 4) & 1);
  }
  return bits;
}

std::vector<ReliabilityBin> reliability(const Json& json) {
  std::vector<ReliabilityBin> bins;
  for (const Json& bin : json) bins.push_back({bin.at("rows"), bin.at("correct"), bin.at("confidence")});
  return bins;
}

RunFacts run_facts(const Json& json) {
  return {.version = json.at("version"),
          .options = json.at("options"),
          .protocol = json.at("protocol"),
          .shots = json.at("shots"),
          .seeds = json.at("seeds"),
          .baseline = json.at("baseline"),
          .forest = json.at("forest"),
          .started = json.at("started"),
          .finished = json.at("finished"),
          .processor = json.at("processor"),
          .num_threads = json.at("threads")};
}

TableSummary table_summary(const Json& json) {
  return {.name = json.at("name"),
          .path = json.at("path"),
          .target = json.at("target"),
          .classes = json.at("classes"),
          .class_rows = json.at("class_rows"),
          .rows = json.at("rows"),
          .train_rows = json.at("train_rows"),
          .queries = json.at("queries"),
          .features = json.at("features"),
          .text_columns = json.at("text_columns"),
          .missing_cells = json.at("missing_cells"),
          .hash = json.at("sha256")};
}

MetricSummary metric_summary(const Json& json) {
  return {.mean = number(json.at("mean")),
          .interval = interval(json.at("interval")),
          .difference = number(json.at("difference")),
          .difference_interval = interval(json.at("difference_interval")),
          .wins = json.at("wins"),
          .ties = json.at("ties"),
          .losses = json.at("losses"),
          .average_rank = number(json.at("average_rank")),
          .relative_to_forest = number(json.at("relative_to_forest"))};
}

// Names of models and tables become their places.
class SummaryReader {
 public:
  explicit SummaryReader(const Json& json) {
    for (const Json& model : json.at("models")) models_.emplace(model.at("name"), models_.size());
    for (const Json& table : json.at("tables")) tables_.emplace(table.at("name"), tables_.size());
    for (const Json& table : json.value("number_tables", Json::array()))
      number_tables_.emplace(table.at("name"), number_tables_.size());
  }

  void read(const Json& json, ShortTable& table) const { table = {.table = table_of(json), .shots = json.at("shots")}; }

  void read(const Json& json, UnitSummary& unit) const {
    unit = {.model = model_of(json), .table = table_of(json), .shots = json.at("shots"), .seed = json.at("seed")};
    if (json.contains("error")) {
      unit.error = json.at("error");
      return;
    }
    unit.metrics = metrics(json.at("metrics"));
    unit.correct = bits_of(json.value("correct", ""), unit.metrics.rows);
    unit.reliability = reliability(json.at("reliability"));
    unit.fit_s = json.at("fit_s");
    unit.predict_s = json.at("predict_s");
    unit.contexts = json.at("contexts");
    unit.one_class_contexts = json.at("one_class_contexts");
    unit.answers = answer_report_from_json(json.at("answers"));
    unit.notes = json.at("notes").get<std::vector<std::string>>();
  }

  void read(const Json& json, CellSummary& cell) const {
    cell = {.model = model_of(json),
            .table = table_of(json),
            .shots = json.at("shots"),
            .seeds = json.at("seeds"),
            .mean = metrics(json.at("mean")),
            .accuracy_interval = interval(json.at("accuracy_interval")),
            .difference = number(json.at("difference")),
            .difference_interval = interval(json.at("difference_interval"))};
  }

  void read(const Json& json, AverageSummary& average) const {
    average = {.model = model_of(json),
               .shots = json.at("shots"),
               .tables = json.at("tables"),
               .failed_units = json.at("failed_units"),
               .majority_units = json.value("majority_units", uint64_t{0})};
    for (const Metric metric : kMetrics)
      average.metrics[metric] = metric_summary(json.at("metrics").at(name_of(metric)));
    average.clear_wins = json.at("clear_wins");
    average.clear_losses = json.at("clear_losses");
    average.reliability = reliability(json.at("reliability"));
    average.seconds_per_query = number(json.at("seconds_per_query"));
    average.tokens_per_query = number(json.at("tokens_per_query"));
    average.answers = answer_report_from_json(json.at("answers"));
  }

  void read(const Json& json, CurveSummary& curve) const {
    curve = {.model = model_of(json),
             .tables = json.at("tables"),
             .mean = numbers(json.at("mean")),
             .steps = json.at("steps"),
             .falling_steps = json.at("falling_steps"),
             .largest_fall = number(json.at("largest_fall")),
             .table_steps = json.at("table_steps"),
             .table_collapses = json.at("table_collapses")};
  }

  void read(const Json& json, ExamplePrompt& example) const {
    example = {.table = table_of(json),
               .shots = json.at("shots"),
               .seed = json.at("seed"),
               .prompt = json.at("prompt"),
               .rows = json.at("rows"),
               .truth = json.at("truth")};
    for (const Json& answer : json.at("answers"))
      example.answers.push_back({model_of(answer), answer.at("text"), numbers(answer.at("truth_probabilities"))});
  }

  void read(const Json& json, PublishedComparison& comparison) const {
    comparison = {.table = json.at("table"), .shots = json.at("shots")};
    for (const Json& row : json.at("quoted"))
      comparison.quoted.push_back({row.at("name"), row.at("accuracy"), row.at("source")});
    for (const Json& row : json.at("measured")) comparison.measured.push_back({row.at("name"), row.at("accuracy"), ""});
    comparison.deviations = json.at("deviations").get<std::vector<std::string>>();
  }

  void read(const Json& json, NumberUnitSummary& unit) const {
    unit = {.model = model_of(json),
            .table = number_tables_.at(json.at("table").get<std::string>()),
            .shots = json.at("shots"),
            .seed = json.at("seed")};
    if (json.contains("error")) {
      unit.error = json.at("error");
      return;
    }
    unit.metrics.rows = json.at("metrics").at("rows");
    for (const auto& [name, member] : kNumberMetrics) unit.metrics.*member = number(json.at("metrics").at(name));
    unit.fit_s = json.at("fit_s");
    unit.predict_s = json.at("predict_s");
    unit.contexts = json.at("contexts");
    unit.notes = json.at("notes").get<std::vector<std::string>>();
  }

  void read(const Json& json, NumberAverageSummary& average) const {
    average = {.model = model_of(json),
               .shots = json.at("shots"),
               .tables = json.at("tables"),
               .failed_units = json.at("failed_units")};
    for (const auto& [name, member] : kNumberAverages) average.*member = number(json.at(name));
    average.wins = json.at("wins");
    if (!json.contains("against_baseline")) return;  // of versions before
    for (size_t i = 0; i < kComparedNumbers.size(); ++i) {
      const Json& difference = json.at("against_baseline").at(kComparedNumbers[i].first);
      average.against_baseline[i] = {.difference = number(difference.at("difference")),
                                     .interval = interval(difference.at("interval")),
                                     .better = difference.at("better"),
                                     .equal = difference.at("equal"),
                                     .worse = difference.at("worse")};
    }
  }

  template <class Entry>
  void list(const Json& json, std::vector<Entry>& entries) const {
    for (const Json& entry : json) read(entry, entries.emplace_back());
  }

 private:
  size_t model_of(const Json& json) const { return models_.at(json.at("model").get<std::string>()); }
  size_t table_of(const Json& json) const { return tables_.at(json.at("table").get<std::string>()); }

  std::map<std::string, size_t> models_, tables_, number_tables_;
};

Summary summary_of(const Json& json) {
  Summary summary{.run = run_facts(json.at("run"))};
  for (const Json& model : json.at("models"))
    summary.models.push_back({model.at("name"), model.at("path"), model.value("uncalibrated", "")});
  for (const Json& table : json.at("tables")) summary.tables.push_back(table_summary(table));
  for (const Json& table : json.at("skipped_tables"))
    summary.skipped_tables.push_back({table.at("path"), table.at("reason")});
  const SummaryReader reader(json);
  reader.list(json.at("short_tables"), summary.short_tables);
  reader.list(json.at("units"), summary.units);
  reader.list(json.at("cells"), summary.cells);
  reader.list(json.at("averages"), summary.averages);
  reader.list(json.at("curves"), summary.curves);
  reader.list(json.at("examples"), summary.examples);
  reader.list(json.at("published"), summary.published);
  // Summaries of versions before numbers lack them.
  for (const Json& table : json.value("number_tables", Json::array()))
    summary.number_tables.push_back(table_summary(table));
  reader.list(json.value("number_averages", Json::array()), summary.number_averages);
  reader.list(json.value("number_units", Json::array()), summary.number_units);
  return summary;
}

}  // namespace

Summary read_summary(const std::string& path) {
  const std::string text = read_file(path);
  try {
    const Json json = Json::parse(text);
    const std::string format = json.at("format");
    if (format != kSummaryFormat) {
      fail(ErrorKind::kCorruptFile,
           "{}: its format is \"{}\", expected \"{}\"; run the evaluation's command again, which writes it anew", path,
           format, kSummaryFormat);
    }
    return summary_of(json);
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile,
         "{}: not the summary of an evaluation ({}); run the evaluation's command again, which writes it anew", path,
         error.what());
  } catch (const std::out_of_range&) {
    fail(ErrorKind::kCorruptFile,
         "{}: names a model or table that it does not list; run the evaluation's command again, which writes it anew",
         path);
  }
}

}  // namespace manyshot
