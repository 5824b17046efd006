// The two files of a task: labelled rows and queries. Opened, checked and matched to each other, with all that users
// should know logged.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "predict/known_rows.h"
#include "predict/number_predictor.h"
#include "predict/number_target.h"
#include "predict/predictor.h"
#include "predict/select_rows.h"
#include "table/schema.h"
#include "table/table_file.h"

namespace manyshot {

struct TaskOptions {
  std::string train;
  std::string test;
  std::string target;
  TaskKind kind = TaskKind::kClassification;
  std::optional<uint64_t> shots;
  Selection select = Selection::kStratified;
  std::vector<std::string> ignore;
  uint64_t seed = 0;
  std::string encoding = "auto";
  std::string delimiter = "auto";
  bool no_header = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("train", self.train, any_value().required(), "Table with labelled rows (CSV or Parquet).");
    v("test", self.test, any_value(), "Table with rows to predict.");
    v("target", self.target, any_value().required(), "Column to predict.");
    v("ignore", self.ignore, any_value(), "Columns to leave out, such as ids.");
    v("encoding", self.encoding, any_value(),
      "Character encoding of the tables, such as latin1; auto: UTF-8, or UTF-16 by its mark.");
    v("delimiter", self.delimiter, any_value(),
      "Delimiter of CSV tables: one character, tab, or space; auto finds it.");
    v("no_header", self.no_header, any_value(),
      "CSV tables have no header line: columns are called column_1, column_2, and so on.");
    option_heading(v, "Labelled rows");
    v("shots", self.shots, at_least(1), "Labelled rows to use; without it as many as the model can.");
    v("select", self.select, any_value(), "How labelled rows are chosen when there are more than can be used.");
    v("seed", self.seed, any_value(), "Seed of every random choice; the same seed gives the same bytes.");
  }
};

// The training table: what its columns are, and the class or number of each row.
struct TrainingTable {
  TableFile file;
  Schema features;                     // without target, ignored columns, and columns that name the rows
  std::vector<std::string> classes;    // sorted; none of a number
  std::vector<int32_t> labels;         // [rows] class, of a number 0; -1: missing
  std::optional<NumberColumn> number;  // where the target is a number
  std::vector<double> numbers;         // [rows] then; NaN: missing

  bool is_number() const { return number.has_value(); }
  // Groups that rows are drawn from in proportion: numbers are all of one.
  size_t num_groups() const { return is_number() ? 1 : classes.size(); }
};

// Columns that name the rows (RowLabel) are left out unless nothing else is left. options.kind says whether the target
// is a number; where it is left open, NumberColumn::looks_like_number does, and a note says so. Throws Error(kBadInput)
// without such a target, two classes or numbers, or a column to predict from.
TrainingTable open_training_table(const TaskOptions& options);
// The same of a table that is open; options.train is what messages call it.
TrainingTable open_training_table(const TaskOptions& options, TableFile file);

// The labelled rows that a model sees: options.shots of them, or all, and no more than `limit`.
LabelledTable read_shots(const TaskOptions& options, const TrainingTable& table, std::optional<uint64_t> limit);
// The same of the rows whose `labels` [rows] are not -1.
LabelledTable read_shots(const TaskOptions& options, const TrainingTable& table, std::optional<uint64_t> limit,
                         const std::vector<int32_t>& labels);
// The same of a table whose target is a number; `select` has nothing to be in proportion to.
NumberedTable read_numbered_shots(const TaskOptions& options, const TrainingTable& table, std::optional<uint64_t> limit,
                                  const std::vector<int32_t>& labels);

// Queries as they come off the test table, with their true classes where the table has them. Numbers and dates are read
// as this table writes them where the training table's way does not read them (fit_schema).
class QueryReader {
 public:
  // Reads the table once. `options` and `train` must outlive the reader. Throws Error(kBadInput) when no training
  // column is there, or none of a column's values can be read.
  QueryReader(const TaskOptions& options, const TrainingTable& train);
  // The same of a table that is open; options.test is what messages call it.
  QueryReader(const TaskOptions& options, const TrainingTable& train, TableFile file);
  // Without a test table: the rows `asked` of the training table, increasing.
  QueryReader(const TaskOptions& options, const TrainingTable& train, std::vector<uint64_t> asked);

  bool has_truth() const { return has_truth_; }  // some row has a label
  uint64_t count_rows() const { return num_rows_; }
  const std::string& path() const { return path_; }  // of the table that holds the queries
  uint64_t file_row(uint64_t query) const { return asked_ ? (*asked_)[query] : query; }

  // The first rows, and their labels as visit() of scan() gets them. REQUIRES for the labels: has_truth().
  Table first_rows(uint64_t count) const;
  std::vector<int32_t> first_labels(uint64_t count) const;

  // Makes scan() warn of queries that are among `labelled`, features compared; it must outlive the scan.
  void watch_for(const Table& labelled) { known_rows_.emplace(labelled); }

  // Makes scan() hand on columns of the test table as it spells them, in kept_cells(): those that are named; for "all"
  // every one; for "ids" those that the model is not shown, but for the target. Returns their names.
  std::vector<std::string> keep(const std::vector<std::string>& wanted);
  const std::vector<std::vector<std::string>>& kept_cells() const { return kept_.cells; }
  // Of the rows that scan() hands on, where the target is a number: NaN for those without one; empty when no row has
  // one.
  const std::vector<double>& true_numbers() const { return true_numbers_; }

  // visit(queries, truth, rows) for chunks of at most max_rows; truth is empty when no row has a label and for numbers,
  // else a class index, kUnscored or kUnseen for each row; rows are their places in the file, from 0.
  using Visit =
      std::function<void(const Table& queries, const std::vector<int32_t>& truth, const std::vector<uint64_t>& rows)>;
  void scan(size_t max_rows, const Visit& visit);

 private:
  void check_columns(const TrainingTable& train) const;
  bool is_shown(const std::string& column) const;  // a feature, or the target
  ColumnSchema target_schema() const;
  void fit_to_file();
  Table read_first(const Schema& schema, uint64_t count) const;
  void hand_on(const Table& chunk, const std::vector<uint64_t>& rows, const Visit& visit);
  void hand_on_asked(const Table& chunk, uint64_t first_row, const Visit& visit);
  void note_unseen(const Column& target, const std::vector<int32_t>& truth, const std::vector<uint64_t>& rows);
  void note_known(const Table& queries);
  void log_scan() const;

  const TaskOptions& options_;
  const std::string& path_;  // of the table that is read
  const TrainingTable& train_;
  std::unique_ptr<const TableFile> own_file_;  // null: that of the training table
  const TableFile& file_;
  Schema schema_;                               // the features; then the target if some row has a label
  std::optional<std::vector<uint64_t>> asked_;  // of the training table
  VerbatimColumns kept_;
  bool has_truth_ = false;
  uint64_t num_rows_ = 0, num_scored_ = 0;
  uint64_t num_unseen_ = 0, first_unseen_row_ = 0;
  std::string first_unseen_;
  std::optional<KnownRows> known_rows_;
  uint64_t num_known_ = 0;
  std::vector<double> true_numbers_;
};

inline constexpr int32_t kUnscored = -1;  // truth of a query whose label is missing
inline constexpr int32_t kUnseen = -2;    // its label does not occur in the training table

// Logs each note with the path it is about.
void log_notes(const std::string& path, const std::vector<std::string>& notes);

}  // namespace manyshot
