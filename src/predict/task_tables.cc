#include "predict/task_tables.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "predict/labels.h"
#include "table/cell_values.h"
#include "table/describe.h"
#include "table/respelling.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {

constexpr size_t kMaxClasses = 1000;
constexpr size_t kChunkCells = size_t{1} << 20;  // queries are read in chunks of about this many cells

std::string cells(uint64_t count) { return count == 1 ? "1 cell" : fmt::format("{} cells", count); }

void log_read_notes(const std::string& path, const ReadNotes& notes, const std::string& target) {
  for (const auto& cell : notes.unreadable) {
    log::warning("{}: row {}, column \"{}\": cannot read \"{}\" as the column's type; taken as missing{}", path,
                 cell.row, cell.column, excerpt(cell.cell),
                 cell.count > 1 ? fmt::format(", as are {} more cells of it", cell.count - 1) : "");
  }
  for (const auto& cell : notes.respelt) {
    log::info("note: {}: column \"{}\": {} spelt otherwise than in the training table, first \"{}\" in row {}; matched",
              path, cell.column, cells(cell.count) + (cell.count == 1 ? " is" : " are"), excerpt(cell.cell), cell.row);
  }
  constexpr size_t kShownColumns = 5;
  size_t shown = 0;
  for (const auto& cell : notes.unknown) {
    if (cell.column == target) continue;  // told as labels that do not occur
    if (++shown > kShownColumns) continue;
    log::warning(
        "{}: column \"{}\": {} a value that the training table lacks, first \"{}\" in row {}; it tells nothing", path,
        cell.column, cells(cell.count) + (cell.count == 1 ? " has" : " have"), excerpt(cell.cell), cell.row);
  }
  if (shown > kShownColumns)
    log::warning("{}: {} more columns have values that the training table lacks", path, shown - kShownColumns);
}

ReadOptions read_options(const TaskOptions& options) {
  return {.encoding = options.encoding, .delimiter = options.delimiter, .has_header = !options.no_header};
}

// Names of the columns that name the rows; none when no other would be left.
std::vector<std::string> row_labels(const Schema& schema, const std::vector<std::string>& not_features) {
  std::vector<std::string> labels;
  size_t others = 0;
  for (const ColumnSchema& column : schema.columns) {
    if (std::find(not_features.begin(), not_features.end(), column.name) != not_features.end()) continue;
    if (column.row_label == RowLabel::kNone) {
      ++others;
    } else {
      labels.push_back(column.name);
    }
  }
  return others > 0 ? labels : std::vector<std::string>();
}

Schema without_columns(const Schema& schema, const std::vector<std::string>& names) {
  Schema result{.num_rows = schema.num_rows};
  for (const ColumnSchema& column : schema.columns) {
    if (std::find(names.begin(), names.end(), column.name) == names.end()) result.columns.push_back(column);
  }
  return result;
}

// The classes of the target column of every row of `file`, by index into `classes`; kUnseen for others, kUnscored for
// missing ones.
std::vector<int32_t> to_classes(const Column& column, const std::vector<std::string>& classes) {
  const std::vector<int32_t> match = match_classes(column.categories, classes);
  std::vector<int32_t> labels;
  labels.reserve(column.codes.size());
  for (const int32_t code : column.codes) {
    labels.push_back(code == kMissingCode ? kUnscored : (match[code] < 0 ? kUnseen : match[code]));
  }
  return labels;
}

// Numbers that are likely measured rather than chosen among: most rows have another one, or many have decimals.
bool look_measured(const std::vector<std::string>& classes, uint64_t num_labelled) {
  constexpr size_t kLeastMeasured = 6, kLeastWithDecimals = 11, kLeastWhole = 51;
  bool has_decimals = false;
  for (const std::string& name : classes) {
    const NumberReadings number = parse_number_both_styles(name);
    const auto value = number.point ? number.point : number.comma;
    if (!value) return false;
    has_decimals = has_decimals || *value != std::floor(*value);
  }
  return classes.size() >= kLeastWhole || (has_decimals && classes.size() >= kLeastWithDecimals) ||
         (classes.size() >= kLeastMeasured && classes.size() * 2 > num_labelled);
}

void warn_of_odd_classes(const TaskOptions& options, const std::vector<std::string>& classes, uint64_t num_labelled) {
  if (look_measured(classes, num_labelled)) {
    log::warning(
        "{}: column \"{}\" has {} different numbers in {} rows, such as {}: that looks like a number to predict, and "
        "each is taken as a class of its own; group them into classes, give --target another column, or predict a "
        "number: predict --task regression",
        options.train, options.target, classes.size(), num_labelled, excerpt(classes.front()));
  } else if (const auto twins = Respelling(classes).twins()) {
    log::warning(
        "{}: column \"{}\": \"{}\" and \"{}\" differ in spelling only but are two classes; write them alike if they "
        "are one",
        options.train, options.target, excerpt(classes[static_cast<size_t>(twins->first)]),
        excerpt(classes[static_cast<size_t>(twins->second)]));
  }
}

uint64_t count_labelled(const std::vector<int32_t>& labels) {
  return static_cast<uint64_t>(std::ranges::count_if(labels, [](int32_t label) { return label >= 0; }));
}

void refuse_unlabelled(const TaskOptions& options, const TrainingTable& table) {
  if (count_labelled(table.labels) > 0) return;
  fail(ErrorKind::kBadInput, "{}: column \"{}\" has no value in any of the {} rows; give --target a column with labels",
       options.train, options.target, table.labels.size());
}

void warn_of_missing(const TaskOptions& options, const TrainingTable& table) {
  const uint64_t missing = table.labels.size() - count_labelled(table.labels);
  if (missing > 0 && !options.test.empty())
    log::warning("{}: {} rows without a value in \"{}\" are not used", options.train, missing, options.target);
}

void check_classes(const TaskOptions& options, const TrainingTable& table) {
  const uint64_t num_labelled = count_labelled(table.labels);
  refuse_unlabelled(options, table);
  if (table.classes.size() == 1) {
    fail(ErrorKind::kBadInput,
         "{}: column \"{}\" has only one value, \"{}\", in {} rows: there is nothing to tell apart; use a table with "
         "rows of two classes or more",
         options.train, options.target, excerpt(table.classes.front()), num_labelled);
  }
  if (table.classes.size() > kMaxClasses) {
    fail(ErrorKind::kBadInput,
         "{}: column \"{}\" has {} different values, such as \"{}\": that looks like a number or an id, not a class; "
         "group the values into classes, give --target another column, or predict a number: predict --task regression",
         options.train, options.target, table.classes.size(), excerpt(table.classes.front()));
  }
  warn_of_missing(options, table);
  warn_of_odd_classes(options, table.classes, num_labelled);
}

void read_classes(const TaskOptions& options, const ColumnSchema& target, TrainingTable& table) {
  table.classes = target.categories;
  sort_classes(table.classes);
  scan_table(table.file, {.columns = {target}}, /*chunk_rows=*/65'536, nullptr, [&](const Table& chunk, uint64_t) {
    const std::vector<int32_t> labels = to_classes(chunk.columns.front(), table.classes);
    table.labels.insert(table.labels.end(), labels.begin(), labels.end());
  });
  check_classes(options, table);
}

// What the target is, if it is a number to predict.
std::optional<NumberColumn> choose_number(const TaskOptions& options, const TableFile& file,
                                          const ColumnSchema& target) {
  if (options.kind == TaskKind::kClassification) return std::nullopt;
  std::optional<NumberColumn> number = as_numbers(target, file.semicolon_separated());
  if (options.kind == TaskKind::kRegression) {
    if (number || target.present == 0) return number;
    fail(ErrorKind::kBadInput,
         "{}: column \"{}\" is no column of numbers, its values are such as {}; --task classification predicts them as "
         "classes",
         options.train, options.target,
         list_names(std::vector(
             target.examples.begin(),
             target.examples.begin() + static_cast<ptrdiff_t>(std::min<size_t>(3, target.examples.size())))));
  }
  if (!number || number->distinct <= 2) return std::nullopt;
  const bool is_number = number->looks_like_number(target.present);
  const std::string values =
      fmt::format("{}: \"{}\" has {} different numbers in {} rows", options.train, options.target,
                  with_thousands(number->distinct), with_thousands(target.present));
  if (is_number) {
    log::info("note: {}: numbers are predicted; --task classification takes each as a class", values);
    return number;
  }
  if (!look_measured(target.categories, target.present))  // else a warning says it
    log::info("note: {}: each is taken as a class; --task regression predicts numbers", values);
  return std::nullopt;
}

void read_target_numbers(const TaskOptions& options, NumberColumn number, const ColumnSchema& target,
                         TrainingTable& table) {
  table.numbers = read_numbers(table.file, options.train, number, target);
  for (const double value : table.numbers) table.labels.push_back(std::isnan(value) ? -1 : 0);
  table.number = std::move(number);
  warn_of_missing(options, table);
}

// The rows that a model sees, of those whose label is not -1.
std::vector<uint64_t> choose_shots(const TaskOptions& options, const TrainingTable& table,
                                   std::optional<uint64_t> limit, const std::vector<int32_t>& labels) {
  uint64_t count = options.shots.value_or(labels.size());
  if (limit) {
    if (options.shots && *options.shots > *limit) {
      log::warning("--shots {}: the model uses at most {} labelled rows; taking {}", *options.shots, *limit, *limit);
    }
    count = std::min(count, *limit);
  }
  return select_rows(labels, table.num_groups(), count, options.select, Rng(options.seed).child("shots"));
}

}  // namespace

void log_notes(const std::string& path, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) log::info("note: {}: {}", path, note);
}

TrainingTable open_training_table(const TaskOptions& options) {
  return open_training_table(options, TableFile::open(options.train, read_options(options)));
}

TrainingTable open_training_table(const TaskOptions& options, TableFile file) {
  file.column_index(options.target);
  for (const std::string& name : options.ignore) {
    file.column_index(name);
    if (name == options.target)
      fail(ErrorKind::kBadInput, "--ignore names the target \"{}\"; take it out of one of the two", name);
  }
  const Schema schema = infer_schema(file, std::span(&options.target, 1));
  std::vector<std::string> not_features = options.ignore;
  not_features.push_back(options.target);
  const std::vector<std::string> left_out = row_labels(schema, not_features);
  not_features.insert(not_features.end(), left_out.begin(), left_out.end());
  TrainingTable table{.file = std::move(file), .features = without_columns(schema, not_features)};
  if (table.features.columns.empty()) {
    fail(ErrorKind::kBadInput, "{}: no column is left to predict \"{}\" from; add columns or ignore fewer",
         options.train, options.target);
  }
  const ColumnSchema& target = *std::ranges::find(schema.columns, options.target, &ColumnSchema::name);
  if (std::optional<NumberColumn> number = choose_number(options, table.file, target)) {
    read_target_numbers(options, std::move(*number), target, table);
  } else {
    read_classes(options, target, table);
  }
  log_notes(options.train, table.file.notes());
  for (const ColumnSchema& column : schema.columns) {
    if (std::find(left_out.begin(), left_out.end(), column.name) == left_out.end()) continue;
    log::info("note: {}: \"{}\" is left out: it {}", options.train, excerpt(column.name),
              row_label_reason(column.row_label));
  }
  for (const ColumnSchema& column : table.features.columns) {
    log_notes(options.train, column_notes(column));
    if (column.unreadable == 0) continue;
    log::warning(
        "{}: row {}, column \"{}\": cannot read \"{}\" as a {}; taken as missing{}: correct it, or leave the cell "
        "empty",
        options.train, column.first_unreadable_row, column.name, excerpt(column.first_unreadable),
        column.type == ColumnType::kDate ? "date" : "number",
        column.unreadable > 1 ? fmt::format(", as are {} more cells of the column", column.unreadable - 1) : "");
  }
  return table;
}

LabelledTable read_shots(const TaskOptions& options, const TrainingTable& table, std::optional<uint64_t> limit) {
  return read_shots(options, table, limit, table.labels);
}

NumberedTable read_numbered_shots(const TaskOptions& options, const TrainingTable& table, std::optional<uint64_t> limit,
                                  const std::vector<int32_t>& labels) {
  const std::vector<uint64_t> rows = choose_shots(options, table, limit, labels);
  NumberedTable shots{.features = read_rows(table.file, table.features, rows, nullptr)};
  for (const uint64_t row : rows) shots.numbers.push_back(table.numbers[row]);
  return shots;
}

LabelledTable read_shots(const TaskOptions& options, const TrainingTable& table, std::optional<uint64_t> limit,
                         const std::vector<int32_t>& labels) {
  const std::vector<uint64_t> rows = choose_shots(options, table, limit, labels);
  LabelledTable shots{.classes = table.classes};
  shots.features = read_rows(table.file, table.features, rows, nullptr);
  for (const uint64_t row : rows) shots.labels.push_back(table.labels[row]);
  const std::vector<uint32_t> counts = shots.class_counts();
  std::vector<std::string> absent;
  for (size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] == 0) absent.push_back(shots.classes[k]);
  }
  if (!absent.empty()) {
    log::warning(
        "no labelled row among the {} chosen has class {}: it cannot be predicted; use more --shots or --select "
        "stratified",
        rows.size(), list_names(absent));
  }
  return shots;
}

QueryReader::QueryReader(const TaskOptions& options, const TrainingTable& train)
    : QueryReader(options, train, TableFile::open(options.test, read_options(options))) {}

QueryReader::QueryReader(const TaskOptions& options, const TrainingTable& train, TableFile file)
    : options_(options),
      path_(options.test),
      train_(train),
      own_file_(std::make_unique<const TableFile>(std::move(file))),
      file_(*own_file_),
      schema_(train.features) {
  check_columns(train);
  fit_to_file();
}

QueryReader::QueryReader(const TaskOptions& options, const TrainingTable& train, std::vector<uint64_t> asked)
    : options_(options),
      path_(options.train),
      train_(train),
      file_(train.file),
      schema_(train.features),
      asked_(std::move(asked)),
      has_truth_(std::ranges::any_of(*asked_, [&](uint64_t row) { return train.labels[row] >= 0; })),
      num_rows_(asked_->size()) {
  if (has_truth_) schema_.columns.push_back(target_schema());
}

ColumnSchema QueryReader::target_schema() const {
  if (train_.is_number()) return train_.number->schema;
  return {.name = options_.target, .type = ColumnType::kCategorical, .categories = train_.classes};
}

void QueryReader::check_columns(const TrainingTable& train) const {
  const auto& names = file_.column_names();
  std::vector<std::string> absent;
  for (const ColumnSchema& column : schema_.columns) {
    if (std::find(names.begin(), names.end(), column.name) == names.end()) absent.push_back(column.name);
  }
  if (absent.size() == schema_.columns.size()) {
    fail(ErrorKind::kBadInput,
         "{}: none of the training columns ({}) is there; it has {}; check the file and its header line", path_,
         list_names(absent), list_names(names));
  }
  log_notes(path_, file_.notes());
  if (!absent.empty()) {
    log::warning("{}: no column {}; taken as missing in every row", path_, list_names(absent));
  }
  std::vector<std::string> extra;
  for (const std::string& name : names) {
    const auto& known = train.file.column_names();
    if (std::find(known.begin(), known.end(), name) == known.end()) extra.push_back(name);
  }
  if (!extra.empty()) log::info("note: {}: {} not in the training table, not used", path_, list_names(extra));
}

void QueryReader::fit_to_file() {
  schema_.columns.push_back(target_schema());
  const FileFit fit =
      train_.is_number() ? fit_schema(file_, schema_) : fit_schema(file_, schema_, std::span(&options_.target, 1));
  num_rows_ = fit.num_rows;
  schema_ = fit.schema();
  for (const ColumnFit& column : fit.columns) {
    if (!column.is_other_style) continue;
    log::warning(
        "{}: column \"{}\": {} such as \"{}\" (row {}) are written in another way than in {}; read the way this file "
        "writes "
        "them",
        path_, column.schema.name, column.schema.type == ColumnType::kDate ? "dates" : "numbers",
        excerpt(column.example), column.example_row, options_.train);
  }
  const ColumnFit& target = fit.columns.back();
  has_truth_ = target.present > 0;
  if (has_truth_) return;
  schema_.columns.pop_back();
  if (target.is_in_file) {
    log::info("note: {}: column \"{}\" has no value in any of the {} rows: nothing can be scored", path_,
              options_.target, num_rows_);
  }
}

Table QueryReader::read_first(const Schema& schema, uint64_t count) const {
  std::vector<uint64_t> rows(std::min(count, num_rows_));
  std::iota(rows.begin(), rows.end(), uint64_t{0});
  if (asked_) std::copy_n(asked_->begin(), rows.size(), rows.begin());
  return read_rows(file_, schema, rows, nullptr);
}

Table QueryReader::first_rows(uint64_t count) const {
  Schema features = schema_;
  if (has_truth_) features.columns.pop_back();
  return read_first(features, count);
}

std::vector<int32_t> QueryReader::first_labels(uint64_t count) const {
  Schema target;
  target.columns.push_back(schema_.columns.back());
  return to_classes(read_first(target, count).columns.front(), train_.classes);
}

bool QueryReader::is_shown(const std::string& column) const {
  return column == options_.target ||
         std::ranges::any_of(schema_.columns, [&](const ColumnSchema& known) { return known.name == column; });
}

std::vector<std::string> QueryReader::keep(const std::vector<std::string>& wanted) {
  const std::vector<std::string>& names = file_.column_names();
  const auto add = [&](size_t column) {
    if (std::ranges::find(kept_.columns, column) == kept_.columns.end()) kept_.columns.push_back(column);
  };
  for (const std::string& word : wanted) {
    const bool is_name = std::ranges::find(names, word) != names.end();
    if (is_name || (word != "all" && word != "ids")) {
      add(file_.column_index(word));
      continue;
    }
    for (size_t column = 0; column < names.size(); ++column) {
      if (word == "all" || !is_shown(names[column])) add(column);
    }
    if (kept_.columns.empty())
      log::info("note: {}: the model is shown every column, so there are no ids to keep", path_);
  }
  std::vector<std::string> kept;
  for (const size_t column : kept_.columns) kept.push_back(names[column]);
  return kept;
}

void QueryReader::scan(size_t max_rows, const Visit& visit) {
  ReadNotes notes;
  const size_t chunk_rows = std::min(max_rows, std::max<size_t>(kChunkCells / schema_.columns.size(), 64));
  const auto visit_chunk = [&](const Table& chunk, uint64_t first_row) {
    if (asked_) return hand_on_asked(chunk, first_row, visit);
    std::vector<uint64_t> rows(chunk.num_rows);
    std::iota(rows.begin(), rows.end(), first_row);
    hand_on(chunk, rows, visit);
  };
  scan_table(file_, schema_, chunk_rows, asked_ ? nullptr : &notes, visit_chunk, &kept_);
  log_read_notes(path_, notes, options_.target);
  log_scan();
}

void QueryReader::hand_on_asked(const Table& chunk, uint64_t first_row, const Visit& visit) {
  const auto begin = std::ranges::lower_bound(*asked_, first_row),
             end = std::ranges::lower_bound(*asked_, first_row + chunk.num_rows);
  if (begin == end) return;
  const std::vector<uint64_t> rows(begin, end);
  std::vector<uint64_t> places;
  for (const uint64_t row : rows) places.push_back(row - first_row);
  for (std::vector<std::string>& cells : kept_.cells) {
    std::vector<std::string> of_asked;
    for (const uint64_t place : places) of_asked.push_back(std::move(cells[place]));
    cells = std::move(of_asked);
  }
  hand_on(take_rows(chunk, places), rows, visit);
}

void QueryReader::hand_on(const Table& chunk, const std::vector<uint64_t>& rows, const Visit& visit) {
  if (!has_truth_) {
    note_known(chunk);
    return visit(chunk, {}, rows);
  }
  Table queries = chunk;
  const Column target = std::move(queries.columns.back());
  queries.columns.pop_back();
  note_known(queries);
  if (train_.is_number()) {
    true_numbers_ = target.numbers;
    for (double& number : true_numbers_) number = std::isfinite(number) ? number : kMissingNumber;
    num_scored_ +=
        static_cast<uint64_t>(std::ranges::count_if(true_numbers_, [](double number) { return !std::isnan(number); }));
    return visit(queries, {}, rows);
  }
  const std::vector<int32_t> truth = to_classes(target, train_.classes);
  note_unseen(target, truth, rows);
  num_scored_ += static_cast<uint64_t>(
      std::count_if(truth.begin(), truth.end(), [](int32_t label) { return label != kUnscored; }));
  visit(queries, truth, rows);
}

void QueryReader::note_known(const Table& queries) {
  if (!known_rows_) return;
  for (size_t row = 0; row < queries.num_rows; ++row) num_known_ += known_rows_->contains(queries, row);
}

void QueryReader::log_scan() const {
  if (known_rows_ && known_rows_->is_suspicious(num_known_, num_rows_)) {
    log::warning(
        "{}: {} of {} rows equal a labelled row in every column: what is scored on them says little about new ones",
        path_, num_known_, num_rows_);
  }
  if (has_truth_ && num_scored_ < num_rows_) {
    log::info("scored on {} of {} rows: the others have no value in \"{}\"", num_scored_, num_rows_, options_.target);
  }
  if (num_unseen_ > 0) {
    log::warning("{}: row {}, column \"{}\": class \"{}\" does not occur in {}; {} of this kind count as wrong", path_,
                 first_unseen_row_, options_.target, excerpt(first_unseen_), options_.train,
                 num_unseen_ == 1 ? "1 row" : fmt::format("{} rows", num_unseen_));
  }
}

void QueryReader::note_unseen(const Column& target, const std::vector<int32_t>& truth,
                              const std::vector<uint64_t>& rows) {
  for (size_t row = 0; row < truth.size(); ++row) {
    if (truth[row] != kUnseen) continue;
    if (num_unseen_++ > 0) continue;
    first_unseen_ = target.categories[target.codes[row]];
    first_unseen_row_ = rows[row];
  }
}

}  // namespace manyshot
