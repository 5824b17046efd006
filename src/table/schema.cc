#include "table/schema.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/text.h"
#include "table/column_profile.h"

namespace manyshot {

namespace {

constexpr uint64_t kLeastCountedRows = 20;

RowLabel row_label_of(const ColumnProfile& profile, const ColumnSchema& column, const TableFile& file, size_t index,
                      uint64_t num_rows) {
  if (file.is_index_column(index)) return RowLabel::kIndex;
  if (profile.counts_rows() && num_rows >= kLeastCountedRows) return RowLabel::kCounting;
  if (!file.has_name(index) && profile.differs_in_every_row(column)) return RowLabel::kUnnamed;
  return RowLabel::kNone;
}

// Gives each profile the cells of its column; returns the number of rows.
uint64_t scan_profiles(const TableFile& file, std::span<const size_t> columns, std::vector<ColumnProfile>& profiles) {
  uint64_t num_rows = 0;
  if (columns.empty()) return num_rows;
  file.scan(columns, [&](const TextBatch& batch) {
    for (size_t i = 0; i < profiles.size(); ++i) profiles[i].add(batch.cells[i], batch.first_row);
    num_rows = batch.first_row + batch.num_rows;
    return true;
  });
  return num_rows;
}

[[noreturn]] void fail_unreadable(const std::string& path, const ColumnFit& column) {
  const char* what = column.schema.type == ColumnType::kNumeric ? "a number"
                     : column.schema.type == ColumnType::kDate  ? "a date"
                                                                : "true or false";
  fail(ErrorKind::kBadInput,
       "{}: column \"{}\": none of its {} values can be read as {}, which the labelled rows have there; the first is "
       "\"{}\" in row {} (counted from 0): write the column as there, or leave it out",
       path, excerpt(column.schema.name), column.present, what, excerpt(column.example), column.example_row);
}

}  // namespace

std::optional<double> number_in(std::string_view cell, const ColumnSchema& column) {
  switch (column.type) {
    case ColumnType::kNumeric:
      return parse_number(cell, column.number_style);
    case ColumnType::kDate:
      return parse_date(cell, column.date_order);
    case ColumnType::kBoolean: {
      if (const auto word = parse_boolean_word(cell)) return word->value;
      const auto number = parse_number(cell, NumberStyle::kPoint);
      return number == 0.0 || number == 1.0 ? number : std::nullopt;
    }
    default:
      return {};
  }
}

Schema infer_schema(const TableFile& file, std::span<const std::string> as_labels) {
  for (const std::string& label : as_labels) file.column_index(label);
  std::vector<ColumnProfile> profiles;
  for (const std::string& name : file.column_names()) {
    profiles.emplace_back(name,
                          ColumnKind{.is_label = std::find(as_labels.begin(), as_labels.end(), name) != as_labels.end(),
                                     .is_typed_text = file.is_text_column(profiles.size())});
  }
  std::vector<size_t> columns(profiles.size());
  std::iota(columns.begin(), columns.end(), 0);
  Schema schema{.num_rows = scan_profiles(file, columns, profiles)};
  for (size_t i = 0; i < profiles.size(); ++i) {
    ColumnSchema column = profiles[i].finish(file.semicolon_separated());
    column.row_label = row_label_of(profiles[i], column, file, i, schema.num_rows);
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

Schema FileFit::schema() const {
  Schema schema{.num_rows = num_rows};
  for (const ColumnFit& column : columns) schema.columns.push_back(column.schema);
  return schema;
}

FileFit fit_schema(const TableFile& file, const Schema& schema, std::span<const std::string> as_labels) {
  FileFit fit;
  std::vector<ColumnProfile> profiles;
  std::vector<size_t> file_columns, fitted;  // of the file, of the schema
  const auto& names = file.column_names();
  for (const ColumnSchema& column : schema.columns) {
    fit.columns.push_back({.schema = column});
    const auto found = std::find(names.begin(), names.end(), column.name);
    if (found == names.end()) continue;
    const auto index = static_cast<size_t>(found - names.begin());
    profiles.emplace_back(
        column.name,
        ColumnKind{.is_label = std::find(as_labels.begin(), as_labels.end(), column.name) != as_labels.end(),
                   .is_typed_text = file.is_text_column(index)},
        &column);
    file_columns.push_back(index);
    fitted.push_back(fit.columns.size() - 1);
  }
  fit.num_rows = scan_profiles(file, file_columns, profiles);
  for (size_t i = 0; i < profiles.size(); ++i) {
    ColumnFit& column = fit.columns[fitted[i]] = profiles[i].fit(file.semicolon_separated());
    if (column.present > 0 && column.readable == 0) fail_unreadable(file.path(), column);
  }
  return fit;
}

}  // namespace manyshot
