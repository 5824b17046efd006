// What an evaluation found, as plain numbers: all that result files and reports are made from. Models and tables are
// named by their place in Summary::models and Summary::tables; a quantity that does not exist (an interval of one
// table, a baseline that was not run) is NaN.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "evaluate/summary/metrics.h"
#include "evaluate/summary/number_metrics.h"
#include "predict/answer_report.h"

namespace manyshot {

inline constexpr double kNotAvailable = std::numeric_limits<double>::quiet_NaN();

struct Interval {
  double low = kNotAvailable, high = kNotAvailable;  // 95 %
};

// Where the numbers come from.
struct RunFacts {
  std::string version;   // of the program
  Json options;          // the resolved options by name
  std::string protocol;  // "paper" or "fixed"
  std::vector<uint64_t> shots, seeds;
  std::string baseline;           // the model that others are compared with; "" when it was not run
  std::string forest;             // the model that relative distances refer to; "" when none was run
  std::string started, finished;  // UTC, "2026-01-31T12:00:00Z": of the first and the last unit
  std::string processor;          // its name, as the system gives it
  int num_threads = 0;
};

struct ModelSummary {
  std::string name;          // as it was asked for: "forest", "smollm2", "default+ensemble=1"
  std::string path;          // of a local model; else ""
  std::string uncalibrated;  // the name of the model that differs in calibrate=none alone; "" when there is none
};

struct TableSummary {
  std::string name;  // the file's name without its extension
  std::string path;
  std::string target;
  std::vector<std::string> classes;   // in class order
  std::vector<uint64_t> class_rows;   // [K] rows of each class in the whole table
  uint64_t rows = 0, train_rows = 0;  // with a label; of them in the training part
  uint64_t queries = 0;               // test rows that are asked for
  uint64_t features = 0, text_columns = 0, missing_cells = 0;
  std::string hash;  // of the file's bytes
};

// A table that could not be read, or has nothing to predict.
struct SkippedTable {
  std::string path, reason;
};

// A table with fewer training rows than the shots: no model was asked.
struct ShortTable {
  size_t table = 0;
  uint64_t shots = 0;
};

// One (model, table, shots, seed).
struct UnitSummary {
  size_t model = 0, table = 0;
  uint64_t shots = 0, seed = 0;
  std::string error;  // why there is no result; then all below is empty
  Metrics metrics;
  std::vector<uint8_t> correct;  // [Q] whether each query was answered rightly
  std::vector<ReliabilityBin> reliability;
  double fit_s = 0, predict_s = 0;  // wall time, summed over the contexts of the unit
  uint64_t contexts = 0;            // sets of labelled rows
  uint64_t one_class_contexts = 0;  // of them with labels of one class only, answered without the model
  AnswerReport answers;
  std::vector<std::string> notes;  // what the model had to decide, leave out or lose

  // Whether there is a result, and every answer in it is the most frequent class of the labelled rows: they were all of
  // one class, or nothing that the model wrote could be read.
  bool is_majority() const {
    if (!error.empty()) return false;
    if (contexts > 0 && one_class_contexts == contexts) return true;
    return answers.by_majority > 0 && answers.by_majority == answers.written_answers();
  }
};

// One (model, table, shots) over its seeds.
struct CellSummary {
  size_t model = 0, table = 0;
  uint64_t shots = 0;
  uint64_t seeds = 0;                 // with a result
  Metrics mean;                       // rows: of all seeds
  Interval accuracy_interval;         // over the seeds (Student's t)
  double difference = kNotAvailable;  // accuracy minus the baseline's, over the same queries and seeds
  Interval difference_interval;       // over the queries (normal approximation)
};

// A metric of one model at some number of shots, over tables.
struct MetricSummary {
  double mean = kNotAvailable;
  Interval interval;  // bootstrap over the tables
  // Against the baseline, over the tables that both have: bootstrap of the paired differences; a win is a better value.
  double difference = kNotAvailable;
  Interval difference_interval;
  uint64_t wins = 0, ties = 0, losses = 0;
  // Among all models, over the tables that all have; 1 is best, equals share the mean of their ranks.
  double average_rank = kNotAvailable;
  // (mean - the forest's mean) / the forest's mean, over the tables that both have.
  double relative_to_forest = kNotAvailable;
};

// One (model, shots).
struct AverageSummary {
  size_t model = 0;
  uint64_t shots = 0;
  uint64_t tables = 0, failed_units = 0;  // with a result; units that ended with an error
  // Units whose answers are all the majority's (UnitSummary::is_majority). A model, but for the baseline of that name,
  // that has no others at these shots has no result there: tables is 0, and there are no cells.
  uint64_t majority_units = 0;
  PerMetric<MetricSummary> metrics;
  uint64_t clear_wins = 0, clear_losses = 0;  // tables whose difference_interval of the accuracy leaves 0 out
  std::vector<ReliabilityBin> reliability;    // of all predictions together
  double seconds_per_query = kNotAvailable;   // fit and predict
  double tokens_per_query = kNotAvailable;    // read and written; NaN for models without tokens
  AnswerReport answers;                       // summed
};

// How the accuracy of one model goes with the number of shots.
struct CurveSummary {
  size_t model = 0;
  uint64_t tables = 0;           // with a result at every number of shots
  std::vector<double> mean;      // [shots] accuracy over those tables
  uint64_t steps = 0;            // from one number of shots to the next
  uint64_t falling_steps = 0;    // of them with a lower mean
  double largest_fall = 0;       // of the mean in one step
  uint64_t table_steps = 0;      // steps of single tables
  uint64_t table_collapses = 0;  // of them with a fall of more than 0.02
};

// The prompt of a table's first queries in the published text form, whatever the models saw, and what models answered.
struct ExampleAnswer {
  size_t model = 0;
  std::string text;                         // [{"id": 0, "label": 1}, …]
  std::vector<double> truth_probabilities;  // of each query's true class
};
struct ExamplePrompt {
  size_t table = 0;
  uint64_t shots = 0, seed = 0;
  std::string prompt;
  std::vector<uint64_t> rows;  // of the table's file, 0-based: the queries
  std::string truth;           // the right answer, in the same form
  std::vector<ExampleAnswer> answers;
};

// Numbers of arXiv 2509.06806 beside ours, for tables that both have: `quoted` are theirs, `measured` ours.
struct NamedAccuracy {
  std::string name;
  double accuracy = 0;
  std::string source;  // "Table 3" of the paper; "" for measured ones
};
struct PublishedComparison {
  std::string
      table;  // "" for the mean over the paper's main set, which are other tables than ours: nothing is measured
  uint64_t shots = 0;
  std::vector<NamedAccuracy> quoted, measured;
  std::vector<std::string> deviations;  // why measured and quoted are not of the same experiment; none: they are, if
                                        // the table is the paper's and not only its namesake
};

// What is measured of numbers, by table without a unit of its own. r2, rmse and the log score are of the distribution's
// mean or the whole of it, mae of its median: each the point that is best for it.
struct NumberUnitMetrics : NumberMetrics {
  // The model's over those of a prediction that knows only the labelled rows' numbers: their median, and all of them.
  double relative_mae = kNotAvailable, relative_crps = kNotAvailable;
};
inline constexpr std::array<std::pair<const char*, double NumberUnitMetrics::*>, 10> kNumberMetrics{{
    {"r2", &NumberUnitMetrics::r2},
    {"rmse", &NumberUnitMetrics::rmse},
    {"mae", &NumberUnitMetrics::mae},
    {"crps", &NumberUnitMetrics::crps},
    {"pinball", &NumberUnitMetrics::pinball},
    {"log_score", &NumberUnitMetrics::log_score},
    {"relative_mae", &NumberUnitMetrics::relative_mae},
    {"relative_crps", &NumberUnitMetrics::relative_crps},
    {"coverage_90", &NumberUnitMetrics::coverage_90},
    {"coverage_50", &NumberUnitMetrics::coverage_50},
}};

// One (model, table, shots, seed) of a table whose target is a number.
struct NumberUnitSummary {
  size_t model = 0, table = 0;  // table: in Summary::number_tables
  uint64_t shots = 0, seed = 0;
  std::string error;  // why there is no result; then all below is empty
  NumberUnitMetrics metrics;
  double fit_s = 0, predict_s = 0;
  uint64_t contexts = 0;
  std::vector<std::string> notes;
};

// A metric of numbers against the baseline's, over the tables that both have.
struct NumberDifference {
  double difference = kNotAvailable;
  Interval interval;                          // bootstrap of the paired differences
  uint64_t better = 0, equal = 0, worse = 0;  // tables
};

// One (model, shots): means over the tables of their means over the seeds.
struct NumberAverageSummary {
  size_t model = 0;
  uint64_t shots = 0;
  uint64_t tables = 0, failed_units = 0;
  double r2 = kNotAvailable;             // each table's at least -1: one failure must not outweigh all others
  double relative_rmse = kNotAvailable;  // the errors' root mean square over the test rows' deviation
  double relative_mae = kNotAvailable, relative_crps = kNotAvailable;
  double coverage_90 = kNotAvailable, coverage_50 = kNotAvailable;
  uint64_t wins = 0;                                 // tables where no model has a lower CRPS
  std::array<NumberDifference, 4> against_baseline;  // of the first of kNumberAverages
};
inline constexpr std::array<std::pair<const char*, double NumberAverageSummary::*>, 6> kNumberAverages{{
    {"r2", &NumberAverageSummary::r2},
    {"relative_rmse", &NumberAverageSummary::relative_rmse},
    {"relative_mae", &NumberAverageSummary::relative_mae},
    {"relative_crps", &NumberAverageSummary::relative_crps},
    {"coverage_90", &NumberAverageSummary::coverage_90},
    {"coverage_50", &NumberAverageSummary::coverage_50},
}};
// Those that say which of two is better; of them R2 when it is higher, the errors when they are lower.
inline constexpr auto kComparedNumbers = std::span(kNumberAverages).first<4>();

struct Summary {
  RunFacts run;
  std::vector<ModelSummary> models;
  std::vector<TableSummary> tables;
  std::vector<SkippedTable> skipped_tables;
  std::vector<ShortTable> short_tables;
  std::vector<UnitSummary> units;              // by model, table, shots, seed
  std::vector<CellSummary> cells;              // by model, table, shots
  std::vector<AverageSummary> averages;        // by model, shots
  std::vector<CurveSummary> curves;            // by model
  std::vector<ExamplePrompt> examples;         // by table
  std::vector<PublishedComparison> published;  // only when asked for

  // Of targets that are numbers; all of the above is of classes.
  std::vector<TableSummary> number_tables;            // without classes
  std::vector<NumberUnitSummary> number_units;        // by model, table, shots, seed
  std::vector<NumberAverageSummary> number_averages;  // by model, shots; those with units
};

}  // namespace manyshot
