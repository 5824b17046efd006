#include <optional>

#include "cli/command.h"
#include "cli/prediction_preview.h"
#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/version.h"
#include "evaluate/report/number_page.h"
#include "evaluate/report/prediction_page.h"
#include "evaluate/summary/class_scores.h"
#include "evaluate/summary/metrics.h"
#include "evaluate/summary/number_scores.h"
#include "evaluate/summary/self_estimate.h"
#include "predict/predict_file.h"
#include "predict/saved_fit.h"

namespace manyshot {
namespace {

// Of the labels that are written, where they are not each row's likeliest class.
std::string label_scores(LabelMetric metric, const Metrics& labels) {
  return fmt::format("the labels, chosen for {}: accuracy {:.4f}, balanced accuracy {:.4f}, F1 {:.4f}", name_of(metric),
                     labels.accuracy, labels.balanced_accuracy, labels.macro_f1);
}

// How good predictions without labels will be.
std::string expectation(const PredictReport& report, const std::string& model) {
  const auto estimate = estimate_of_classes(report);
  if (estimate) return describe(*estimate);
  return fmt::format(
      "how good that is, {} cannot say by itself; --folds 5 without --test tries it on the labelled rows", model);
}

class PredictCommand : public Command {
 public:
  std::string name() const override { return "predict"; }
  std::string summary() const override { return "classes or numbers for the rows of a table, and how sure they are"; }
  std::string details() const override {
    return "Reads labelled rows (--train), shows them to the model as the context of its prompt, and scores every "
           "class for each row of --test; nothing is trained and nothing is sampled. The result has the columns row "
           "(0-based row of the test table), those of --keep, prediction, and one p_CLASS per class in sorted order "
           "(docs/formats/predictions.md). Where the target is a number (--task), a distribution is predicted in place "
           "of classes, and the columns are row, those of --keep, prediction and the quantiles p05, p25, p50, p75 and "
           "p95. When the test table has the target column, it is never shown to the model: "
           "the predictions are scored against it, beside the baselines of --beside. Without --test the rows of the "
           "training table whose target is empty are predicted, or, with --folds or --holdout, labelled rows from the "
           "others, which tells how good answers are. --fit takes a file of manyshot fit in place of labelled rows and "
           "model, which starts at once.";
  }
  std::string examples() const override {
    return "    manyshot predict --train train.csv --test test.csv --target species\n"
           "    manyshot predict --train train.csv --test test.csv --target species --out predictions.parquet --ignore "
           "id,name\n"
           "    manyshot predict --train train.csv --test test.csv --target species --out excel.csv --utf8-mark --keep "
           "all\n"
           "    manyshot predict --train train.csv --target species --folds 5\n"
           "    manyshot predict --fit species.msfit --test test.csv --out predictions.csv\n"
           "    manyshot predict --train houses.csv --target price --holdout 0.2 --point median --report page.html\n"
           "    manyshot predict --train train.csv --test test.csv --target species --shots 64 --ensemble 1 --model "
           "./my-model\n"
           "    manyshot predict --train train.csv --test test.csv --target species --model xgboost --out boosted.csv "
           "--json\n";
  }
  OptionList options() override { return options_of(options_); }

  bool uses_device() const override { return true; }

  void run(const CommonOptions& common) override {
    options_.method.device = parse_device(common.device);
    ClassScores methods;
    PredictionPreview preview;
    std::optional<MetricsAccumulator> labels;
    std::optional<report::PredictionTally> tally;
    std::optional<OutputFile> page;
    if (!options_.output.report.empty()) page.emplace(options_.output.report);
    const auto observe = [&](const PredictedBatch& batch) {
      if (!batch.labels.empty()) {
        preview.add(batch);
        if (page) add_to_tally(batch, tally);
      }
      if (batch.truth.empty()) return;
      if (!batch.labels.empty() && options_.output.metric != LabelMetric::kAccuracy) add_labels(batch, labels);
      methods.add(batch);
    };
    NumberScores numbers;
    std::optional<report::NumberTally> number_tally;
    const auto observe_numbers = [&](const PredictedNumbers& batch) {
      numbers.add(batch);
      if (!page || !batch.is_chosen) return;
      if (!number_tally) number_tally.emplace(batch.resolution);
      number_tally->add(batch.rows, batch.distributions, batch.points, batch.truth, batch.kept);
    };
    const PredictReport report = predict_file(options_, {.classes = observe, .numbers = observe_numbers});
    // What is told of the model and the target below is what the file says.
    if (!options_.fit.empty()) options_ = with_saved_options(options_, read_saved_fit(options_.fit));
    if (report.is_number) return finish_numbers(report, numbers, number_tally, page, common.json);
    if (page && tally) {
      page->write(report_page(*tally, report, methods));
      page->commit();
    }
    if (common.json) {
      print_json(report, methods, labels);
      return;
    }
    print_text(report, methods, labels);
    if (log::is_terminal() && !options_.output.out.empty() && !preview.is_empty()) {
      log::info("\n{}", preview.text(report.classes));
    }
  }

 private:
  // The labels of a batch as probabilities of 0 and 1.
  static void add_labels(const PredictedBatch& batch, std::optional<MetricsAccumulator>& labels) {
    const size_t num_classes = batch.probabilities.size() / batch.labels.size();
    if (!labels) labels.emplace(num_classes);
    std::vector<double> chosen(batch.probabilities.size(), 0.0);
    for (size_t row = 0; row < batch.labels.size(); ++row)
      chosen[row * num_classes + static_cast<size_t>(batch.labels[row])] = 1;
    labels->add(chosen, batch.truth);
  }

  static void add_to_tally(const PredictedBatch& batch, std::optional<report::PredictionTally>& tally) {
    if (!tally) tally.emplace(batch.probabilities.size() / batch.labels.size());
    tally->add(batch.rows, batch.probabilities, batch.labels, batch.truth, batch.kept);
  }

  // What was asked.
  report::Facts facts_of(const PredictReport& report) const {
    const TaskOptions& task = options_.task;
    return {{"labelled rows", fmt::format("{} of {} in {}", with_thousands(report.labelled_rows),
                                          with_thousands(report.train_rows), task.train)},
            {"predicted",
             fmt::format("{} rows of {}", with_thousands(report.queries), task.test.empty() ? task.train : task.test)},
            {"target", task.target},
            {"model", options_.model},
            {"written to", options_.output.out},
            {"program", "manyshot " + program_version()}};
  }

  std::string report_page(const report::PredictionTally& tally, const PredictReport& report,
                          const ClassScores& methods) const {
    report::PredictionFacts facts{.facts = facts_of(report),
                                  .classes = report.classes,
                                  .class_counts = report.class_counts,
                                  .kept_names = report.kept,
                                  .beside = methods.beside(options_.model),
                                  .model = options_.model,
                                  .label_metric = std::string(name_of(options_.output.metric))};
    return report::prediction_page(tally, facts);
  }

  void print_text(const PredictReport& report, const ClassScores& methods,
                  const std::optional<MetricsAccumulator>& labels) const {
    log::info("{} rows predicted, {} classes, from {} of {} labelled rows, with {}{}", with_thousands(report.queries),
              report.classes.size(), with_thousands(report.labelled_rows), with_thousands(report.train_rows),
              options_.model, options_.output.out.empty() ? "" : fmt::format(", written to {}", options_.output.out));
    print_ways();
    if (methods.has_scores()) log::info("{}", methods.table());
    if (!methods.has_scores()) log::info("{}", expectation(report, options_.model));
    if (labels) log::info("{}", label_scores(options_.output.metric, labels->result()));
    if (const std::string note = methods.better_baseline(); !note.empty()) log::info("{}", note);
    print_times(report);
  }

  // The page and the summary of predicted numbers.
  void finish_numbers(const PredictReport& report, const NumberScores& numbers,
                      const std::optional<report::NumberTally>& tally, std::optional<OutputFile>& page, bool json) {
    if (page && tally) {
      page->write(report::number_page(*tally, {.facts = facts_of(report),
                                               .target = options_.task.target,
                                               .model = options_.model,
                                               .point = std::string(name_of(options_.output.point)),
                                               .kept_names = report.kept,
                                               .beside = numbers.beside()}));
      page->commit();
    }
    if (json) return print_numbers_json(report, numbers);
    log::info("{} numbers predicted from {} of {} labelled rows, with {}{}", with_thousands(report.queries),
              with_thousands(report.labelled_rows), with_thousands(report.train_rows), options_.model,
              options_.output.out.empty() ? "" : fmt::format(", written to {}", options_.output.out));
    print_ways();
    if (numbers.has_scores()) {
      log::info("{}", numbers.table());
    } else if (const auto estimate = estimate_of_numbers(report)) {
      log::info("{}", describe(*estimate));
    }
    if (const std::string note = numbers.better_baseline(); !note.empty()) log::info("{}", note);
    print_times(report);
    if (log::is_terminal() && !options_.output.out.empty() && numbers.has_preview())
      log::info("\n{}", numbers.preview());
  }

  void print_numbers_json(const PredictReport& report, const NumberScores& numbers) {
    print_summary(*this,
                  {{"train_rows", report.train_rows},
                   {"labelled_rows", report.labelled_rows},
                   {"queries", report.queries},
                   {"number_metrics", numbers.metrics()},
                   {"number_estimate", to_json(estimate_of_numbers(report))},
                   {"seconds", seconds_json(report)}},
                  summary_stream(options_.output.out));
  }

  // How the rows were asked for, and where more is told of them.
  void print_ways() const {
    if (options_.own_rows.folds) log::info("each row is predicted from the rows of the other folds");
    if (!options_.output.report.empty()) log::info("a page about them: {}", options_.output.report);
  }

  static void print_times(const PredictReport& report) {
    log::info("read {:.2f} s, context {:.2f} s, predict {:.2f} s; peak memory {}", report.read_s, report.fit_s,
              report.predict_s, format_bytes(peak_memory_bytes()));
  }

  static Json seconds_json(const PredictReport& report) {
    return {{"read", report.read_s}, {"context", report.fit_s}, {"predict", report.predict_s}};
  }

  void print_json(const PredictReport& report, const ClassScores& methods,
                  const std::optional<MetricsAccumulator>& labels) {
    Json results{{"classes", report.classes},
                 {"train_rows", report.train_rows},
                 {"labelled_rows", report.labelled_rows},
                 {"queries", report.queries},
                 {"metrics", methods.metrics()},
                 {"estimate", to_json(estimate_of_classes(report))},
                 {"seconds", seconds_json(report)}};
    if (labels) {
      const Metrics metrics = labels->result();
      results["label_metrics"] = {{"accuracy", metrics.accuracy},
                                  {"balanced_accuracy", metrics.balanced_accuracy},
                                  {"macro_f1", metrics.macro_f1}};
    }
    print_summary(*this, results, summary_stream(options_.output.out));
  }

  PredictOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_predict_command() { return std::make_unique<PredictCommand>(); }

}  // namespace manyshot
