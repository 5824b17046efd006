#include "corpus/table_tasks.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>
#include <unordered_set>

#include "core/error.h"
#include "encoding/features.h"
#include "table/schema.h"
#include "table/table_file.h"
#include "table/table_folder.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr size_t kLeastCells = 4;  // of a row that is compared: shorter ones meet by chance

std::vector<std::string> table_files(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) fail(ErrorKind::kNotFound, "{}: no such file or folder; check the path", path);
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files = tables_in(path, error);
  if (error) fail(ErrorKind::kBadInput, "{}: cannot read this folder: {}", path, error.message());
  if (files.empty()) fail(ErrorKind::kNotFound, "{}: no .csv or .parquet file in this folder; check the path", path);
  return files;
}

// Without the columns that name the rows.
Table read_whole(const std::string& path) {
  const TableFile file = TableFile::open(path);
  Schema schema = infer_schema(file);
  std::erase_if(schema.columns, [](const ColumnSchema& column) { return column.row_label != RowLabel::kNone; });
  std::vector<uint64_t> rows(schema.num_rows);
  std::iota(rows.begin(), rows.end(), uint64_t{0});
  return read_rows(file, schema, rows, nullptr);
}

uint64_t hash_bytes(std::string_view bytes, uint64_t hash = 0xcbf29ce484222325) {  // FNV-1a
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

uint64_t hash_cell(const Column& column, size_t row) {
  if (column.is_missing(row)) return hash_bytes("");
  if (!column.is_number()) return hash_bytes(column.categories[static_cast<size_t>(column.codes[row])]);
  return hash_bytes(fmt::format("{:.9g}", column.numbers[row]));
}

// Of a row's cells, in any order of the columns.
uint64_t hash_row(const Table& table, size_t row) {
  std::vector<uint64_t> cells;
  for (const Column& column : table.columns) cells.push_back(hash_cell(column, row));
  std::sort(cells.begin(), cells.end());
  return hash_bytes({reinterpret_cast<const char*>(cells.data()), cells.size() * sizeof(uint64_t)});
}

using RowHashes = std::unordered_set<uint64_t>;

RowHashes hashes_of(const std::vector<std::string>& places) {
  RowHashes hashes;
  for (const std::string& place : places) {
    for (const std::string& path : table_files(place)) {
      const Table table = read_whole(path);
      if (table.columns.size() < kLeastCells) continue;
      for (size_t row = 0; row < table.num_rows; ++row) hashes.insert(hash_row(table, row));
    }
  }
  return hashes;
}

// Returns how many rows are left out.
size_t leave_out(const RowHashes& hashes, Table& table) {
  if (hashes.empty() || table.columns.size() < kLeastCells) return 0;
  std::vector<uint64_t> kept;
  for (size_t row = 0; row < table.num_rows; ++row) {
    if (!hashes.contains(hash_row(table, row))) kept.push_back(row);
  }
  const size_t left_out = table.num_rows - kept.size();
  if (left_out > 0) table = take_rows(table, kept);
  return left_out;
}

// Standardised, so that large numbers with small differences keep them in single precision.
std::vector<float> standardise(const std::vector<double>& values) {
  double sum = 0, squares = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  const double mean = count > 0 ? sum / count : 0;
  for (const double value : values) squares += std::isnan(value) ? 0 : (value - mean) * (value - mean);
  const double deviation = squares > 0 ? std::sqrt(squares / count) : 1;
  std::vector<float> result;
  for (const double value : values) result.push_back(static_cast<float>((value - mean) / deviation));
  return result;
}

size_t count_distinct(std::vector<float> values) {
  std::erase_if(values, [](float value) { return std::isnan(value); });
  std::sort(values.begin(), values.end());
  return static_cast<size_t>(std::unique(values.begin(), values.end()) - values.begin());
}

}  // namespace

TableTasks::TableTasks(const std::string& path, const std::vector<std::string>& evaluation) : path_(path) {
  const RowHashes excluded = hashes_of(evaluation);
  for (const std::string& file : table_files(path)) {
    Table table = read_whole(file);
    num_left_out_ += leave_out(excluded, table);
    RealTable made = make_table(table);
    if (made.targets.empty()) continue;
    num_rows_ += made.num_rows;
    tables_.push_back(std::move(made));
  }
  if (tables_.empty()) {
    fail(
        ErrorKind::kBadInput,
        "{}: no table has a column to predict and another to predict it from{}; give tables with categories or numbers",
        path,
        num_left_out_ > 0 ? fmt::format(" ({} rows are left out, as the evaluation tables have them)", num_left_out_)
                          : "");
  }
}

void TableTasks::keep(const std::vector<uint32_t>& tables) {
  std::vector<RealTable> kept;
  num_rows_ = 0;
  for (const uint32_t place : tables) {
    num_rows_ += tables_[place].num_rows;
    kept.push_back(std::move(tables_[place]));
  }
  tables_ = std::move(kept);
}

TableTasks::RealTable TableTasks::make_table(const Table& table) {
  RealTable made{.num_rows = table.num_rows};
  if (table.num_rows < 2 || table.columns.size() < 2) return made;
  std::vector<std::string> names;
  try {
    const FeatureEncoder encoder = FeatureEncoder::fit(table);
    const FeatureMatrix features = encoder.transform(table);
    names = encoder.feature_names();
    made.num_features = features.num_features;
    for (size_t feature = 0; feature < features.num_features; ++feature) {
      const std::vector<float> column = standardise(features.column(feature));
      made.features.insert(made.features.end(), column.begin(), column.end());
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadInput) throw;
    return made;  // every column is constant
  }
  if (made.num_features < 2) return made;
  for (const Column& column : table.columns) {
    if (column.type == ColumnType::kText || column.type == ColumnType::kDate) continue;
    Target target{.is_number = column.type == ColumnType::kNumeric};
    target.values =
        column.is_number() ? standardise(column.numbers) : std::vector<float>(column.codes.begin(), column.codes.end());
    if (!column.is_number()) std::replace(target.values.begin(), target.values.end(), -1.0f, std::nanf(""));
    if (count_distinct(target.values) < 2) continue;
    target.feature = static_cast<size_t>(std::find(names.begin(), names.end(), column.name) - names.begin());
    made.targets.push_back(std::move(target));
  }
  return made;
}

bool TableTasks::has_rows(size_t min_rows) const {
  return std::any_of(tables_.begin(), tables_.end(),
                     [&](const RealTable& table) { return table.num_rows >= min_rows; });
}

void TableTasks::set_labels(const Target& target, const std::vector<uint32_t>& rows, const IntRange& classes,
                            const Rng& rng, prior::Task& task) {
  std::vector<float> values;
  for (const uint32_t row : rows) values.push_back(target.values[row]);
  const std::set<float> distinct(values.begin(), values.end());
  std::vector<float> bounds(distinct.begin(), distinct.end());  // a class begins at each
  if (target.is_number && bounds.size() > static_cast<size_t>(classes.high)) {
    const auto low = static_cast<uint64_t>(classes.low), high = static_cast<uint64_t>(classes.high);
    const uint64_t num_classes = low + rng.child("classes").below(0, high - low + 1);
    std::set<float> chosen{bounds.front()};
    // By rows, so that frequent values are cut at more often; a value that comes again gives a class less.
    std::vector<float> cuts = values;
    std::erase(cuts, bounds.front());
    for (uint64_t cut = 1; cut < num_classes; ++cut) chosen.insert(cuts[rng.child("cuts").below(cut, cuts.size())]);
    bounds.assign(chosen.begin(), chosen.end());
  }
  task.num_classes = static_cast<int>(bounds.size());
  task.labels.clear();
  for (const float value : values) {
    task.labels.push_back(
        static_cast<int32_t>(std::upper_bound(bounds.begin(), bounds.end(), value) - bounds.begin() - 1));
  }
}

bool TableTasks::draw(const Rng& rng, const TableDraw& wanted, prior::Task& task) const {
  std::vector<const RealTable*> large;
  for (const RealTable& table : tables_) {
    if (table.num_rows >= wanted.min_rows) large.push_back(&table);
  }
  const RealTable& table = *large[rng.child("table").below(0, large.size())];
  const Target& target = table.targets[rng.child("target").below(0, table.targets.size())];
  const auto num_rows = static_cast<uint32_t>(table.num_rows);
  std::vector<uint32_t> rows =
      rng.child("rows").sample(num_rows, std::min(num_rows, static_cast<uint32_t>(wanted.max_rows)));
  std::erase_if(rows, [&](uint32_t row) { return std::isnan(target.values[row]); });
  task = {.prior = "tables", .num_rows = rows.size()};
  set_labels(target, rows, wanted.classes, rng, task);
  if (task.num_classes < 2 || task.num_classes > wanted.classes.high) return false;
  std::vector<uint32_t> features = rng.child("features").permutation(static_cast<uint32_t>(table.num_features));
  std::erase(features, static_cast<uint32_t>(target.feature));
  features.resize(std::min(features.size(), wanted.max_features));
  for (const uint32_t feature : features) {
    const float* column = table.features.data() + size_t{feature} * table.num_rows;
    for (const uint32_t row : rows) task.columns.push_back(column[row]);
  }
  task.info.resize(features.size());
  return true;
}

}  // namespace manyshot
