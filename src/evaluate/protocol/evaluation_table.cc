#include "evaluate/protocol/evaluation_table.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/options.h"
#include "core/sha256.h"
#include "predict/task_tables.h"
#include "table/table_folder.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

std::string table_name(const std::string& path) { return fs::path(path).stem().string(); }

std::vector<std::string> tables_of(const std::string& folder) {
  std::error_code error;
  const std::vector<std::string> paths = tables_in(folder, error);
  if (error) refuse_option("tables", "{}: cannot read this folder: {}", folder, error.message());
  if (paths.empty()) {
    refuse_option("tables", "{}: no .csv or .parquet file in this folder; check the path", folder);
  }
  return paths;
}

std::string find_target(const TableFile& file, const std::string& target) {
  const auto& names = file.column_names();
  if (!target.empty()) return names[file.column_index(target)];
  const auto label = std::find(names.begin(), names.end(), "label");
  return label == names.end() ? names.back() : *label;
}

std::string hash_file(const std::string& path) {
  const MappedFile file(path);
  Sha256 hash;
  hash.add({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  return hash.hex();
}

}  // namespace

std::vector<std::string> find_tables(const std::vector<std::string>& places) {
  std::vector<std::string> paths;
  for (const std::string& place : places) {
    std::error_code error;
    if (!fs::exists(place, error)) refuse_option("tables", "{}: no such file or folder; check the path", place);
    const std::vector<std::string> found = fs::is_directory(place) ? tables_of(place) : std::vector{place};
    paths.insert(paths.end(), found.begin(), found.end());
  }
  std::set<std::string> names;
  for (const std::string& path : paths) {
    if (names.insert(table_name(path)).second) continue;
    refuse_option("tables", "{} is the second table called \"{}\"; results are kept by name: rename one of them", path,
                  table_name(path));
  }
  return paths;
}

EvaluationTable read_evaluation_table(const std::string& path, const std::string& target, TaskKind kind) {
  EvaluationTable table = make_evaluation_table(TableFile::open(path), table_name(path), target, kind);
  table.hash = hash_file(path);
  return table;
}

EvaluationTable make_evaluation_table(TableFile file, const std::string& name, const std::string& target,
                                      TaskKind kind) {
  const TaskOptions options{.train = file.path(), .target = find_target(file, target), .kind = kind};
  const TrainingTable training = open_training_table(options, std::move(file));
  EvaluationTable table{.name = name, .path = options.train, .target = options.target, .classes = training.classes};
  for (uint64_t row = 0; row < training.labels.size(); ++row) {
    if (training.labels[row] < 0) continue;
    table.labels.push_back(training.labels[row]);
    table.file_rows.push_back(row);
    if (training.is_number()) table.numbers.push_back(training.numbers[row]);
  }
  table.features = read_rows(training.file, training.features, table.file_rows, nullptr);
  return table;
}

Table take(const Table& table, std::span<const uint32_t> rows, std::span<const uint32_t> columns) {
  const std::vector<uint64_t> taken(rows.begin(), rows.end());
  Table part{.num_rows = rows.size()};
  for (const uint32_t index : columns) part.columns.push_back(take_rows(table.columns[index], taken));
  return part;
}

}  // namespace manyshot
