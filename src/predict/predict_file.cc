#include "predict/predict_file.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/text.h"
#include "predict/labels.h"
#include "predict/predictor.h"
#include "predict/select_rows.h"
#include "table/schema.h"
#include "table/table_file.h"
#include "table/table_writer.h"

namespace manyshot {
namespace {

constexpr size_t kMaxClasses = 1000;
constexpr size_t kChunkCells = size_t{1} << 20;  // queries are read and predicted in chunks of about this many cells

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void log_notes(const std::string& path, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) log::info("note: {}: {}", path, note);
}

void log_read_notes(const std::string& path, const ReadNotes& notes) {
  for (const auto& cell : notes.unreadable) {
    log::warning("{}: row {}, column \"{}\": cannot read \"{}\" as the column's type; taken as missing{}", path, cell.row, cell.column,
                 excerpt(cell.cell), cell.count > 1 ? fmt::format(", as are {} more cells of it", cell.count - 1) : "");
  }
}

// The training table: what its columns are, and the class of each row.
struct TrainingTable {
  TableFile file;
  Schema features;               // without target and ignored columns
  std::vector<std::string> classes;  // sorted
  std::vector<int32_t> labels;   // [rows] class, -1: missing
};

Schema without_columns(const Schema& schema, const std::vector<std::string>& names) {
  Schema result{.num_rows = schema.num_rows};
  for (const ColumnSchema& column : schema.columns) {
    if (std::find(names.begin(), names.end(), column.name) == names.end()) result.columns.push_back(column);
  }
  return result;
}

// The classes of the target column of every row of `file`, by index into `classes`; kUnseen for others, kUnscored for missing ones.
std::vector<int32_t> to_classes(const Column& column, const std::vector<std::string>& classes) {
  const std::vector<int32_t> match = match_classes(column.categories, classes);
  std::vector<int32_t> labels;
  labels.reserve(column.codes.size());
  for (const int32_t code : column.codes) {
    labels.push_back(code == kMissingCode ? kUnscored : (match[code] < 0 ? kUnseen : match[code]));
  }
  return labels;
}

void check_classes(const PredictOptions& options, const TrainingTable& table) {
  const auto num_labelled =
      std::count_if(table.labels.begin(), table.labels.end(), [](int32_t label) { return label >= 0; });
  if (num_labelled == 0) {
    fail(ErrorKind::kBadInput, "{}: column \"{}\" has no value in any of the {} rows; give --target a column with labels", options.train,
         options.target, table.labels.size());
  }
  if (table.classes.size() == 1) {
    fail(ErrorKind::kBadInput, "{}: column \"{}\" has only one value, \"{}\", in {} rows: there is nothing to tell apart; use a table with rows of two classes or more",
         options.train, options.target, excerpt(table.classes.front()), num_labelled);
  }
  if (table.classes.size() > kMaxClasses) {
    fail(ErrorKind::kBadInput, "{}: column \"{}\" has {} different values, such as \"{}\": that looks like a number or an id, not a class; "
         "group the values into classes, or give --target another column",
         options.train, options.target, table.classes.size(), excerpt(table.classes.front()));
  }
  if (const auto missing = static_cast<size_t>(table.labels.size() - num_labelled); missing > 0) {
    log::warning("{}: {} rows without a value in \"{}\" are not used", options.train, missing, options.target);
  }
}

TrainingTable open_training_table(const PredictOptions& options) {
  TableFile file = TableFile::open(options.train, {.encoding = options.encoding, .delimiter = options.delimiter});
  file.column_index(options.target);
  for (const std::string& name : options.ignore) {
    file.column_index(name);
    if (name == options.target) fail(ErrorKind::kBadInput, "--ignore names the target \"{}\"; take it out of one of the two", name);
  }
  const Schema schema = infer_schema(file, std::span(&options.target, 1));
  std::vector<std::string> not_features = options.ignore;
  not_features.push_back(options.target);
  TrainingTable table{.file = std::move(file), .features = without_columns(schema, not_features)};
  if (table.features.columns.empty()) {
    fail(ErrorKind::kBadInput, "{}: no column is left to predict \"{}\" from; add columns or ignore fewer", options.train, options.target);
  }
  Schema target;
  for (const ColumnSchema& column : schema.columns) {
    if (column.name == options.target) target.columns.push_back(column);
  }
  table.classes = target.columns.front().categories;
  sort_classes(table.classes);
  scan_table(table.file, target, /*chunk_rows=*/65'536, nullptr, [&](const Table& chunk, uint64_t) {
    const std::vector<int32_t> labels = to_classes(chunk.columns.front(), table.classes);
    table.labels.insert(table.labels.end(), labels.begin(), labels.end());
  });
  check_classes(options, table);
  log_notes(options.train, table.file.notes());
  for (const ColumnSchema& column : table.features.columns) {
    if (column.unreadable == 0) continue;
    log::warning("{}: row {}, column \"{}\": cannot read \"{}\" as a {}; taken as missing{}: correct it, or leave the cell empty", options.train,
                 column.first_unreadable_row, column.name, excerpt(column.first_unreadable),
                 column.type == ColumnType::kDate ? "date" : "number",
                 column.unreadable > 1 ? fmt::format(", as are {} more cells of the column", column.unreadable - 1) : "");
  }
  return table;
}

LabelledTable read_shots(const PredictOptions& options, const TrainingTable& table, const Method& method) {
  uint64_t count = options.shots.value_or(table.labels.size());
  if (const auto limit = method.max_labelled_rows()) {
    if (options.shots && *options.shots > *limit) {
      log::warning("--shots {}: the model uses at most {} labelled rows; taking {}", *options.shots, *limit, *limit);
    }
    count = std::min(count, *limit);
  }
  const std::vector<uint64_t> rows =
      select_rows(table.labels, table.classes.size(), count, parse_selection(options.select), Rng(options.seed).child("shots"));
  LabelledTable shots{.classes = table.classes};
  shots.features = read_rows(table.file, table.features, rows, nullptr);
  for (const uint64_t row : rows) shots.labels.push_back(table.labels[row]);
  const std::vector<uint32_t> counts = shots.class_counts();
  std::vector<std::string> absent;
  for (size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] == 0) absent.push_back(shots.classes[k]);
  }
  if (!absent.empty()) {
    log::warning("no labelled row among the {} chosen has class {}: it cannot be predicted; use more --shots or --select stratified",
                 rows.size(), list_names(absent));
  }
  return shots;
}

struct NamedPredictor {
  std::string name;
  std::unique_ptr<Predictor> predictor;
};

// Queries as they come off the test table, with their true classes where the table has them.
class QueryReader {
 public:
  QueryReader(const PredictOptions& options, const TrainingTable& train)
      : options_(options),
        classes_(train.classes),
        file_(TableFile::open(options.test, {.encoding = options.encoding, .delimiter = options.delimiter})),
        schema_(train.features) {
    const auto& names = file_.column_names();
    const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    std::vector<std::string> absent;
    for (const ColumnSchema& column : schema_.columns) {
      if (!has(column.name)) absent.push_back(column.name);
    }
    if (absent.size() == schema_.columns.size()) {
      fail(ErrorKind::kBadInput, "{}: none of the training columns ({}) is there; it has {}; check the file and its header line", options.test,
           list_names(absent), list_names(names));
    }
    log_notes(options.test, file_.notes());
    if (!absent.empty()) {
      log::warning("{}: no column {}; taken as missing in every row", options.test, list_names(absent));
    }
    std::vector<std::string> extra;
    for (const std::string& name : names) {
      const auto& known = train.file.column_names();
      if (std::find(known.begin(), known.end(), name) == known.end()) extra.push_back(name);
    }
    if (!extra.empty()) log::info("note: {}: {} not in the training table, not used", options.test, list_names(extra));
    has_truth_ = has(options.target);
    if (has_truth_) {
      schema_.columns.push_back({.name = options.target, .type = ColumnType::kCategorical, .categories = classes_});
    }
  }

  bool has_truth() const { return has_truth_; }

  uint64_t count_rows() const {
    uint64_t rows = 0;
    const size_t first_column[] = {0};
    file_.scan(first_column, [&](const TextBatch& batch) {
      rows += batch.num_rows;
      return true;
    });
    return rows;
  }

  // visit(queries, truth, first_row); truth is empty when the table lacks the target.
  void scan(size_t max_rows, const std::function<void(const Table&, const std::vector<int32_t>&, uint64_t)>& visit) {
    ReadNotes notes;
    const size_t chunk_rows = std::min(max_rows, std::max<size_t>(kChunkCells / schema_.columns.size(), 64));
    scan_table(file_, schema_, chunk_rows, &notes, [&](const Table& chunk, uint64_t first_row) {
      if (!has_truth_) return visit(chunk, {}, first_row);
      Table queries = chunk;
      const Column target = std::move(queries.columns.back());
      queries.columns.pop_back();
      const std::vector<int32_t> truth = to_classes(target, classes_);
      note_unseen(target, truth, first_row);
      visit(queries, truth, first_row);
    });
    log_read_notes(options_.test, notes);
    if (num_unseen_ > 0) {
      log::warning("{}: row {}, column \"{}\": class \"{}\" does not occur in {}; {} of this kind count as wrong", options_.test,
                   first_unseen_row_, options_.target, excerpt(first_unseen_), options_.train,
                   num_unseen_ == 1 ? "1 row" : fmt::format("{} rows", num_unseen_));
    }
  }

 private:
  void note_unseen(const Column& target, const std::vector<int32_t>& truth, uint64_t first_row) {
    for (size_t row = 0; row < truth.size(); ++row) {
      if (truth[row] != kUnseen) continue;
      if (num_unseen_++ > 0) continue;
      first_unseen_ = target.categories[target.codes[row]];
      first_unseen_row_ = first_row + row;
    }
  }

  const PredictOptions& options_;
  const std::vector<std::string>& classes_;
  TableFile file_;
  Schema schema_;
  bool has_truth_ = false;
  uint64_t num_unseen_ = 0, first_unseen_row_ = 0;
  std::string first_unseen_;
};

std::vector<OutputColumn> output_columns(const std::vector<double>& probabilities, const std::vector<std::string>& classes,
                                         uint64_t first_row) {
  const size_t num_classes = classes.size();
  const size_t num_rows = probabilities.size() / num_classes;
  std::vector<int64_t> rows(num_rows);
  std::vector<std::string> predictions(num_rows);
  std::vector<std::vector<double>> columns(num_classes, std::vector<double>(num_rows));
  for (size_t row = 0; row < num_rows; ++row) {
    const double* begin = probabilities.data() + row * num_classes;
    rows[row] = static_cast<int64_t>(first_row + row);
    predictions[row] = classes[std::max_element(begin, begin + num_classes) - begin];
    for (size_t k = 0; k < num_classes; ++k) columns[k][row] = begin[k];
  }
  std::vector<OutputColumn> result{std::move(rows), std::move(predictions)};
  for (auto& column : columns) result.emplace_back(std::move(column));
  return result;
}

void require(const std::string& value, const char* flag, const char* what) {
  if (value.empty()) fail(ErrorKind::kBadInput, "{} is needed: {}; see manyshot predict --help", flag, what);
}

}  // namespace

PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe) {
  require(options.train, "--train", "the table with labelled rows");
  require(options.test, "--test", "the table with rows to predict");
  require(options.target, "--target", "the column to predict");
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<Method> method = open_method(
      options.model, {.ensemble = options.ensemble, .calibrate = options.calibrate == "context", .seed = options.seed, .format = options.format, .chat = options.chat, .compat = options.compat, .dtype = options.dtype, .engine = options.engine});
  const TrainingTable train = open_training_table(options);
  QueryReader queries(options, train);
  std::vector<std::string> header{"row", "prediction"};
  for (const std::string& name : train.classes) header.push_back("p_" + name);
  const std::unique_ptr<TableWriter> writer = open_table_writer(options.out, header);
  const LabelledTable shots = read_shots(options, train, *method);

  PredictReport report{.classes = train.classes, .train_rows = train.labels.size(), .labelled_rows = shots.labels.size(),
                       .has_truth = queries.has_truth()};
  report.read_s = seconds_since(start);
  const auto fit_start = std::chrono::steady_clock::now();
  std::vector<NamedPredictor> predictors;
  predictors.push_back({options.model, method->fit(shots)});
  log_notes(options.train, predictors.front().predictor->notes());
  if (queries.has_truth()) {
    for (const char* reference : {"majority", "knn"}) {
      if (reference != options.model) predictors.push_back({reference, open_method(reference)->fit(shots)});
    }
  }
  report.fit_s = seconds_since(fit_start);

  const auto predict_start = std::chrono::steady_clock::now();
  Progress progress("predict", queries.count_rows(), "rows");
  queries.scan(predictors.front().predictor->batch_rows(), [&](const Table& chunk, const std::vector<int32_t>& truth, uint64_t first_row) {
    check_interrupted();
    for (const NamedPredictor& named : predictors) {
      const std::vector<double> probabilities = named.predictor->predict(chunk);
      if (&named == &predictors.front()) writer->append(output_columns(probabilities, train.classes, first_row));
      if (!truth.empty()) observe({.method = named.name, .probabilities = probabilities, .truth = truth});
    }
    report.queries += chunk.num_rows;
    progress.add(chunk.num_rows);
  });
  check_interrupted();
  writer->commit();
  report.predict_s = seconds_since(predict_start);
  return report;
}

}  // namespace manyshot
