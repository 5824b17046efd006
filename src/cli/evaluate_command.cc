#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "core/version.h"
#include "evaluate/evaluation.h"
#include "evaluate/knowledge/general_ability.h"
#include "evaluate/report/comparison.h"
#include "evaluate/report/report.h"
#include "evaluate/report/summary_index.h"
#include "evaluate/result_files.h"
#include "evaluate/summary/compare_runs.h"
#include "evaluate/summary/summary_json.h"

namespace manyshot {
namespace {

// One line for each model, a column for each number of shots; a star where some tables are missing.
std::string accuracy_table(const Summary& summary) {
  const report::SummaryIndex index(summary);
  size_t width = 6;
  for (const ModelSummary& model : summary.models) width = std::max(width, model.name.size());
  std::vector<std::string> lines{fmt::format("{:<{}}", "shots", width)};
  for (const ModelSummary& model : summary.models) lines.push_back(fmt::format("{:<{}}", model.name, width));
  lines.push_back(fmt::format("{:<{}}", "tables", width));
  bool some_missing = false, some_majority = false;
  for (const uint64_t shots : index.shots()) {
    const uint64_t most_tables = index.most_tables(shots);
    lines.front() += fmt::format("  {:>6} ", shots);
    lines.back() += fmt::format("  {:>6} ", most_tables);
    for (size_t model = 0; model < index.num_models(); ++model) {
      const AverageSummary* average = index.average(model, shots);
      const bool is_short = average != nullptr && average->tables < most_tables;
      some_missing = some_missing || is_short;
      const bool is_majority = index.is_majority_alone(model, shots);
      some_majority = some_majority || is_majority;
      lines[1 + model] += is_majority          ? " majority"
                          : average == nullptr ? fmt::format("  {:>6} ", "-")
                                               : fmt::format("  {:.4f}{}", average->metrics[Metric::kAccuracy].mean,
                                                             is_short ? '*' : ' ');
    }
  }
  for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  if (some_missing) lines.emplace_back("* over fewer tables: the model failed on the others; see results.csv");
  if (some_majority) {
    lines.emplace_back(
        "majority: no result, since all answers were the labelled rows' most frequent class: nothing that the model "
        "wrote could be read, or all labelled rows were of one class");
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// A line for each model and number of shots.
std::string number_table(const Summary& summary) {
  size_t width = 5;
  for (const NumberAverageSummary& average : summary.number_averages)
    width = std::max(width, summary.models[average.model].name.size());
  std::string text = fmt::format(
      "{:<{}}  shots  tables      R2  relative RMSE  MAE     CRPS    90 % holds  50 % holds  lowest CRPS", "", width);
  for (const NumberAverageSummary& average : summary.number_averages) {
    text += fmt::format(
        "\n{:<{}}  {:>5}  {:>6}  {:6.4f}         {:6.4f}  {:6.4f}  {:6.4f}       {:5.3f}       {:5.3f}  {:>11}",
        summary.models[average.model].name, width, average.shots, average.tables, average.r2, average.relative_rmse,
        average.relative_mae, average.relative_crps, average.coverage_90, average.coverage_50, average.wins);
  }
  std::string differences;
  for (const NumberAverageSummary& average : summary.number_averages) {
    const NumberDifference& r2 = average.against_baseline.front();
    if (summary.models[average.model].name == summary.run.baseline || std::isnan(r2.difference)) continue;
    differences += fmt::format("\n{:<{}}  {:>5}  {}, {} / {} / {} tables higher / equal / lower",
                               summary.models[average.model].name, width, average.shots,
                               report::with_interval(r2.difference, r2.interval, report::signed_text), r2.better,
                               r2.equal, r2.worse);
  }
  if (!differences.empty())
    text += fmt::format("\nR2 less that of {}, with 95 % intervals:{}", summary.run.baseline, differences);
  return text;
}

std::string published_table(const Summary& summary) {
  std::string text;
  for (const PublishedComparison& comparison : summary.published) {
    if (comparison.table.empty()) continue;
    text += fmt::format("\n{}, {} shots{}:", comparison.table, comparison.shots,
                        comparison.deviations.empty()
                            ? ""
                            : fmt::format(", not comparable ({})", fmt::join(comparison.deviations, "; ")));
    for (const NamedAccuracy& row : comparison.measured)
      text += fmt::format("\n  measured  {:.3f}  {}", row.accuracy, row.name);
    if (comparison.measured.empty()) text += "\n  measured      -  no model has a result";
    for (const NamedAccuracy& row : comparison.quoted)
      text += fmt::format("\n  quoted    {:.3f}  {} ({})", row.accuracy, row.name, row.source);
  }
  if (text.empty()) return "none of the tables, by name and number of shots, is in the paper: nothing to compare";
  return "accuracy measured in this run, beside the one quoted from arXiv 2509.06806 for the table of that name:" +
         text;
}

uint64_t count_failures(const Summary& summary) {
  const auto has_failed = [](const auto& unit) { return !unit.error.empty(); };
  return static_cast<uint64_t>(std::ranges::count_if(summary.units, has_failed) +
                               std::ranges::count_if(summary.number_units, has_failed));
}

size_t num_tables(const Summary& summary) { return summary.tables.size() + summary.number_tables.size(); }
size_t num_units(const Summary& summary) { return summary.units.size() + summary.number_units.size(); }

// What stands instead of the results of each model that has none, one a line; "" when every model has some.
std::string models_without_result(const Summary& summary) {
  std::string text;
  for (size_t model = 0; model < summary.models.size(); ++model) {
    uint64_t failed = 0;
    bool has_result = false;
    std::string first;
    const auto look_at = [&](const auto& units, const std::vector<TableSummary>& tables) {
      for (const auto& unit : units) {
        if (unit.model != model) continue;
        has_result = has_result || unit.error.empty();
        if (failed++ == 0)
          first = fmt::format("(table {}, {} shots) because {}", tables[unit.table].name, unit.shots, unit.error);
      }
    };
    look_at(summary.units, summary.tables);
    look_at(summary.number_units, summary.number_tables);
    if (has_result || failed == 0) continue;
    text += fmt::format("{}{} has no result; units that failed: {}, the first {}", text.empty() ? "" : "\n",
                        summary.models[model].name, with_thousands(failed), first);
  }
  return text;
}

struct EvaluateCommandOptions {
  EvaluateOptions evaluation;
  GeneralAbilityOptions ability;
  bool report_only = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    EvaluateOptions::visit(self.evaluation, v);
    GeneralAbilityOptions::visit(self.ability, v);
    option_heading(v, "Output");
    v("report_only", self.report_only, any_value(), "Only make the report again, from the summary.json in --out.");
  }
};

class EvaluateCommand : public Command {
 public:
  std::string name() const override { return "evaluate"; }
  std::string summary() const override { return "models on tables, behind growing numbers of labelled rows"; }
  std::string details() const override {
    return "Splits each table into training and test rows, shows each model some training rows as its context, and "
           "asks it for the test rows: the published protocol of arXiv 2509.06806 row for row, or one draw for all "
           "queries. What is finished stands in a ledger in --out: a run that was stopped or killed goes on with the "
           "same command, and more models, tables, shots or seeds add to it. Tables that cannot be read are named, "
           "counted and left out. The results are report.html (charts, to be opened in a browser), report.md, "
           "report.csv, summary.json, results.csv, results_per_split.csv, predictions.parquet, and one file a model as "
           "lm-evaluation-harness writes it. Tables whose target is a number (--task) are measured with the baselines "
           "that "
           "predict numbers, and have results_numbers.csv and predictions_numbers.parquet.";
  }
  std::string examples() const override {
    return "    manyshot evaluate --tables tables --models default,knn,forest --out results\n"
           "    manyshot evaluate --tables tables --models paper-knn,paper-forest,smollm2 --shots 8,64,512 --out "
           "results --compare published\n"
           "    manyshot evaluate --compare results-before results-after --out comparison\n"
           "    manyshot evaluate --tables a.csv,b.csv --target species --protocol fixed --select stratified --seeds "
           "0,1,2 --out results\n"
           "    manyshot evaluate --tables tables --models default,default+calibrate=none --max-queries 200 --out "
           "results --shard 3/8\n"
           "    manyshot evaluate --tables tables --models forest,openai:qwen2.5-7b --base-url "
           "http://localhost:8000/v1 --response-cache answers --out results\n"
           "    manyshot evaluate --models smollm2 --knowledge mmlu.csv --knowledge-shots 5 --perplexity text.txt\n";
  }
  OptionList options() override { return options_of(options_); }

  bool uses_device() const override { return true; }

  void run(const CommonOptions& common) override {
    options_.evaluation.method.device = parse_device(common.device);
    if (options_.report_only) {
      report::rewrite_report(folder_of_report());
      if (common.json) print_json(Json::object());
      return;
    }
    const EvaluateOptions& options = options_.evaluation;
    if (!options.compare.empty() && !options.compares_published()) return compare_folders(common.json);
    Json abilities;
    if (options_.ability.any()) {
      abilities = measure_general_abilities(common.json);
      if (options.tables.empty()) {
        if (common.json) print_json({{"general_ability", abilities}});
        return;
      }
    }
    const Stopwatch watch;
    Evaluation evaluation(options, program_version());
    const uint64_t done = evaluation.run();
    const Summary summary = evaluation.summarise();
    if (evaluation.is_whole()) {
      write_result_files(evaluation, summary, options.out);
      report::write_report(summary, options.out);
    }
    const double seconds = watch.seconds();
    if (common.json) {
      Json results = results_json(summary, done, seconds);
      if (!abilities.is_null()) results["general_ability"] = std::move(abilities);
      print_json(results);
    } else {
      print_text(summary, done, seconds, evaluation.is_whole());
    }
    // The options were right, so this is no bad input: exit code 1.
    if (const std::string text = models_without_result(summary); !text.empty())
      fail(ErrorKind::kUnavailable, "{}", text);
  }

 private:
  const std::string& folder_of_report() const {
    const std::string& out = options_.evaluation.out;
    if (out.empty()) fail(ErrorKind::kBadInput, "--report-only needs --out: the folder of the evaluation");
    return out;
  }

  // --compare A B
  void compare_folders(bool as_json) {
    const EvaluateOptions& options = options_.evaluation;
    if (options.compare.size() != 2) {
      refuse_option("compare", "expected {}, or the folders of two finished runs, got {}", kPublished,
                    list_names(options.compare));
    }
    if (!options.tables.empty() || options_.ability.any()) {
      refuse_option("compare",
                    "compares two finished runs and evaluates nothing: leave --tables out, or compare with {}",
                    kPublished);
    }
    const report::RunNames names{options.compare[0], options.compare[1]};
    const RunComparison comparison =
        compare_runs(read_run(names.first), read_run(names.second), names.first, names.second);
    if (!options.out.empty()) report::write_comparison(comparison, names, options.out);
    if (as_json) return print_json(to_json(comparison));
    log::info("{}", report::comparison_text(comparison, names));
    if (!options.out.empty()) log::info("{}: open comparison.html there", options.out);
  }

  static Summary read_run(const std::string& folder) {
    const std::string path = (std::filesystem::path(folder) / "summary.json").string();
    if (!std::filesystem::exists(path)) {
      refuse_option("compare", "{} holds no finished evaluation (there is no {}); give the --out of one", folder, path);
    }
    return read_summary(path);
  }

  void print_text(const Summary& summary, uint64_t done, double seconds, bool is_whole) const {
    if (!summary.tables.empty())
      log::info("accuracy by labelled rows (shots), mean over the tables:\n{}", accuracy_table(summary));
    if (!summary.number_tables.empty())
      log::info("numbers by labelled rows (shots), mean over {} tables:\n{}", summary.number_tables.size(),
                number_table(summary));
    if (options_.evaluation.compares_published()) log::info("{}", published_table(summary));
    if (!summary.short_tables.empty()) {
      log::info("note: {} times a table has fewer training rows than the shots, and is left out there",
                summary.short_tables.size());
    }
    if (!summary.skipped_tables.empty()) {
      log::warning("{} of {} tables skipped: they cannot be used", summary.skipped_tables.size(),
                   summary.skipped_tables.size() + num_tables(summary));
    }
    if (const uint64_t failures = count_failures(summary); failures > 0) {
      log::warning("{} of {} units have no result; column \"error\" of results.csv and results_numbers.csv says why",
                   with_thousands(failures), with_thousands(num_units(summary)));
    }
    log::info("{} units done now, {} in all, {} tables, in {}{}; {:.1f} s, peak memory {}", with_thousands(done),
              with_thousands(num_units(summary)), num_tables(summary), options_.evaluation.out,
              is_whole ? "; open report.html there" : "; the same command without --shard collects the shards", seconds,
              format_bytes(peak_memory_bytes()));
  }

  void print_json(Json results) {
    results["options"] = as_in_files(values_of(options_));
    print_summary(*this, results);
  }

  static Json results_json(const Summary& summary, uint64_t done, double seconds) {
    Json averages = Json::array();
    for (const AverageSummary& average : summary.averages) {
      Json line{{"model", summary.models[average.model].name}, {"shots", average.shots}, {"tables", average.tables}};
      line["majority_units"] = average.majority_units;
      for (const Metric metric : kMetrics) line[name_of(metric)] = average.metrics[metric].mean;
      averages.push_back(std::move(line));
    }
    Json numbers = Json::array();
    for (const NumberAverageSummary& average : summary.number_averages) {
      Json line{{"model", summary.models[average.model].name}, {"shots", average.shots}, {"tables", average.tables}};
      for (const auto& [name, member] : kNumberAverages) line[name] = average.*member;
      line["wins"] = average.wins;
      numbers.push_back(std::move(line));
    }
    return {{"tables", num_tables(summary)},
            {"skipped_tables", summary.skipped_tables.size()},
            {"short_tables", summary.short_tables.size()},
            {"units", num_units(summary)},
            {"units_done_now", done},
            {"failed_units", count_failures(summary)},
            {"averages", averages},
            {"number_averages", numbers},
            {"seconds", seconds}};
  }

  // --knowledge and --perplexity, for every model: an entry each, and a table for people unless `is_quiet`.
  Json measure_general_abilities(bool is_quiet) const {
    const EvaluateOptions& options = options_.evaluation;
    const std::vector<GeneralAbility> results = measure_general_ability(
        options.models, options_.ability, options.method, options.endpoint, options.seed, options.out);
    Json json = Json::array();
    for (const GeneralAbility& result : results) {
      json.push_back(to_json(result));
      for (const std::string& note : result.knowledge ? result.knowledge->notes : std::vector<std::string>{})
        log::info("note: {}: {}", result.model, note);
    }
    if (!is_quiet) {
      std::string table = general_ability_table(results);
      table.pop_back();  // its line end
      log::info("{}", table);
    }
    return json;
  }

  EvaluateCommandOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate_command() { return std::make_unique<EvaluateCommand>(); }

}  // namespace manyshot
