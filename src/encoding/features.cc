#include "encoding/features.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "table/cell_values.h"

namespace manyshot {
namespace {

struct CategoryRanks {
  std::vector<double> ranks;  // by code; NaN for a category that does not occur
  size_t num_present = 0;     // how many occur
  bool are_numbers = true;    // the strings of all that occur
};

CategoryRanks category_ranks(const Column& column) {
  std::vector<bool> present(column.categories.size(), false);
  for (const int32_t code : column.codes) {
    if (code != kMissingCode) present[code] = true;
  }
  std::vector<int32_t> order;
  for (size_t code = 0; code < present.size(); ++code) {
    if (present[code]) order.push_back(static_cast<int32_t>(code));
  }
  const auto& names = column.categories;
  std::vector<std::optional<double>> numbers(names.size());
  bool all_numbers = true;
  for (const int32_t code : order) {
    numbers[code] = parse_number(names[code], NumberStyle::kPoint);
    all_numbers = all_numbers && numbers[code].has_value();
  }
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    if (all_numbers && *numbers[a] != *numbers[b]) return *numbers[a] < *numbers[b];
    return names[a] < names[b];
  });
  std::vector<double> ranks(names.size(), kMissingNumber);
  for (size_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = static_cast<double>(rank);
  return {std::move(ranks), order.size(), all_numbers};
}

double num_characters(const std::string& text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool has_two_values(const std::vector<double>& values) {
  std::optional<double> first;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    if (first && *first != value) return true;
    first = value;
  }
  return false;
}

bool has_different_texts(const Column& column) {
  return std::adjacent_find(column.codes.begin(), column.codes.end(), std::not_equal_to<>()) != column.codes.end();
}

void add_note(std::vector<std::string>& notes, const std::vector<std::string>& columns, const char* what) {
  if (columns.empty()) return;
  notes.push_back(fmt::format("{} {} {}", columns.size() == 1 ? "column" : "columns", list_names(columns), what));
}

}  // namespace

std::vector<double> FeatureMatrix::column(size_t feature) const {
  std::vector<double> result(num_rows);
  for (size_t row = 0; row < num_rows; ++row) result[row] = at(row, feature);
  return result;
}

double FeatureEncoder::value(const Feature& feature, const Column& column, size_t row) const {
  if (column.is_missing(row)) return feature.missing;
  if (column.is_number()) return column.numbers[row];
  const auto code = static_cast<size_t>(column.codes[row]);
  if (feature.type == ColumnType::kText) return num_characters(column.categories[code]);
  return code < feature.ranks.size() ? feature.ranks[code] : kMissingNumber;
}

FeatureEncoder FeatureEncoder::fit(const Table& shots) {
  FeatureEncoder encoder;
  std::vector<std::string> constant, empty, text, same_length;
  for (size_t index = 0; index < shots.columns.size(); ++index) {
    const Column& column = shots.columns[index];
    Feature feature{.column = index, .type = column.type, .share_of = column.share_of};
    if (column.type == ColumnType::kCategorical) {
      CategoryRanks categories = category_ranks(column);
      feature.ranks = std::move(categories.ranks);
      const bool some_missing = std::find(column.codes.begin(), column.codes.end(), kMissingCode) != column.codes.end();
      if (some_missing && categories.num_present > 0) feature.missing = static_cast<double>(categories.num_present);
      feature.nominal = !categories.are_numbers && categories.num_present + (some_missing ? 1 : 0) > 2;
    }
    std::vector<double> values(shots.num_rows);
    std::optional<double> present;
    bool any_missing = false;
    for (size_t row = 0; row < shots.num_rows; ++row) {
      values[row] = encoder.value(feature, column, row);
      any_missing = any_missing || column.is_missing(row);
      if (!column.is_missing(row)) present = values[row];
    }
    if (present && any_missing && !has_two_values(values)) {
      feature.missing = *present == 0 ? 1 : 0;  // a flag: there or not
    } else if (!has_two_values(values)) {
      const bool is_text = column.type == ColumnType::kText && has_different_texts(column);
      (!present ? empty : is_text ? same_length : constant).push_back(column.name);
      continue;
    }
    if (column.type == ColumnType::kText) text.push_back(column.name);
    encoder.features_.push_back(std::move(feature));
    encoder.names_.push_back(column.name);
  }
  add_note(encoder.notes_, empty, "left out: no value in the labelled rows");
  add_note(encoder.notes_, constant, "left out: the same value in all labelled rows");
  add_note(encoder.notes_, same_length,
           "left out: read as text, and its length in characters is the same in all labelled rows");
  add_note(encoder.notes_, text, "read as text: its length in characters is used");
  if (encoder.features_.empty()) {
    fail(
        ErrorKind::kBadInput,
        "none of the {} columns has two different values in the {} labelled rows, so there is nothing to predict from; "
        "check the delimiter and the target, or use more rows",
        shots.columns.size(), shots.num_rows);
  }
  return encoder;
}

void FeatureEncoder::write(ByteWriter& writer) const {
  writer.number<uint64_t>(features_.size());
  for (size_t i = 0; i < features_.size(); ++i) {
    const Feature& feature = features_[i];
    writer.text(names_[i]);
    writer.number<uint64_t>(feature.column);
    writer.number(static_cast<uint8_t>(feature.type));
    writer.list(feature.ranks);
    writer.number(feature.missing);
    writer.number<uint8_t>(feature.nominal);
    writer.number(feature.share_of);
  }
}

FeatureEncoder FeatureEncoder::read(ByteReader& reader, size_t num_columns) {
  FeatureEncoder encoder;
  for (size_t i = reader.count(2 * sizeof(uint64_t)); i > 0; --i) {
    encoder.names_.emplace_back(reader.text());
    Feature& feature = encoder.features_.emplace_back();
    feature.column = reader.number<uint64_t>();
    const auto type = reader.number<uint8_t>();
    feature.type = static_cast<ColumnType>(type);
    feature.ranks = reader.list<double>();
    feature.missing = reader.number<double>();
    feature.nominal = reader.number<uint8_t>() != 0;
    feature.share_of = reader.number<int32_t>();
    if (feature.column >= num_columns || type > static_cast<uint8_t>(ColumnType::kText))
      reader.refuse("has features of other columns");
  }
  if (encoder.features_.empty()) reader.refuse("has no features");
  return encoder;
}

FeatureMatrix FeatureEncoder::transform(const Table& table) const {
  FeatureMatrix matrix{.num_rows = table.num_rows, .num_features = features_.size()};
  matrix.values.resize(table.num_rows * features_.size());
  for (size_t index = 0; index < features_.size(); ++index) {
    const Feature& feature = features_[index];
    const Column& column = table.columns[feature.column];
    matrix.nominal.push_back(feature.nominal);
    matrix.share_of.push_back(feature.share_of);
    matrix.missing_levels.push_back(feature.nominal ? feature.missing : kMissingNumber);
    for (size_t row = 0; row < table.num_rows; ++row) {
      matrix.values[row * matrix.num_features + index] = value(feature, column, row);
    }
  }
  return matrix;
}

}  // namespace manyshot
