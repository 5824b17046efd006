#include "encoding/parts/column_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace manyshot {
namespace {

bool may_have_words(const Column& column) {
  if (column.type == ColumnType::kText) return true;
  if (column.type != ColumnType::kCategorical) return false;
  std::vector<bool> is_there(column.categories.size());
  for (const int32_t code : column.codes) {
    if (code != kMissingCode) is_there[static_cast<size_t>(code)] = true;
  }
  return static_cast<size_t>(std::ranges::count(is_there, true)) > kManyCategories;
}

}  // namespace

ColumnParts::Target ColumnParts::target_of(std::span<const int32_t> labels, const std::vector<std::string>& classes) {
  Target target{.scored = targets_of_classes(labels, classes.size()), .names = {}};
  for (const size_t k : scored_classes(labels, classes.size())) target.names.push_back("words of " + classes[k]);
  return target;
}

ColumnParts::Target ColumnParts::target_of(std::span<const double> numbers) {
  return {.scored = targets_of_numbers(numbers), .names = {"words"}};
}

ColumnParts::ColumnParts(const Table& shots, const Target& target)
    : ColumnParts(shots, target, [&](size_t column) { return TextScores::fit(shots.columns[column], target.scored); }) {
}

ColumnParts::ColumnParts(const Table& shots, const Target& target, const FitWords& fit_words) : names_(target.names) {
  std::vector<std::string> silent;
  for (size_t index = 0; index < shots.columns.size(); ++index) {
    const Column& column = shots.columns[index];
    if (column.share_of >= 0) continue;
    if (column.type == ColumnType::kDate) {
      DateParts parts = DateParts::fit(column).that_help(column, target.scored);
      if (!parts.empty()) dates_.push_back({.column = index, .parts = std::move(parts)});
    }
    if (!may_have_words(column)) continue;
    if (std::optional<TextScores::Fitted> fitted = fit_words(index)) {
      notes_.push_back(
          fmt::format("column \"{}\": its words are read; alone they explain {:.0f} % of the target's variance in "
                      "held-out labelled rows",
                      excerpt(column.name), 100 * fitted->explained));
      words_.push_back({.column = index, .scores = std::move(fitted->scores), .honest = std::move(fitted->honest)});
    } else if (column.type == ColumnType::kText) {
      silent.push_back(column.name);
    }
  }
  if (!silent.empty()) {
    notes_.push_back(fmt::format("{} {}: the words are not read; held-out labelled rows do not show that they help",
                                 silent.size() == 1 ? "column" : "columns", list_names(silent)));
  }
}

size_t ColumnParts::num_added() const {
  size_t count = 0;
  for (const Words& words : words_) count += words.scores.width();
  for (const Dates& dates : dates_) count += dates.parts.size();
  return count;
}

void ColumnParts::append(const Words& words, const std::vector<double>& scores, Table& table) const {
  const size_t width = words.scores.width();
  for (size_t k = 0; k < width; ++k) {
    Column column{.name = table.columns[words.column].name + ": " + names_[words.scores.places()[k]]};
    for (size_t row = 0; row < table.num_rows; ++row) column.numbers.push_back(scores[row * width + k]);
    table.columns.push_back(std::move(column));
  }
}

void ColumnParts::append_dates(Table& table) const {
  for (const Dates& dates : dates_) {
    std::vector<Column> columns = dates.parts.columns(table.columns[dates.column], table.num_rows);
    std::ranges::move(columns, std::back_inserter(table.columns));
  }
}

Table ColumnParts::extend_labelled(const Table& shots) const {
  Table table = shots;
  append_dates(table);
  for (const Words& words : words_) append(words, words.honest, table);
  return table;
}

Table ColumnParts::extend(const Table& queries) const {
  Table table = queries;
  append_dates(table);
  for (const Words& words : words_)
    append(words, words.scores.predict(queries.columns[words.column], queries.num_rows), table);
  return table;
}

void ColumnParts::write(ByteWriter& writer) const {
  writer.number<uint64_t>(dates_.size());
  for (const Dates& dates : dates_) {
    writer.number<uint64_t>(dates.column);
    dates.parts.write(writer);
  }
  writer.number<uint64_t>(names_.size());
  for (const std::string& name : names_) writer.text(name);
  writer.number<uint64_t>(words_.size());
  for (const Words& words : words_) {
    writer.number<uint64_t>(words.column);
    words.scores.write(writer);
  }
}

ColumnParts ColumnParts::read(ByteReader& reader, size_t num_columns) {
  ColumnParts parts;
  const auto read_column = [&] {
    const auto column = reader.number<uint64_t>();
    if (column >= num_columns) reader.refuse("has parts of other columns");
    return column;
  };
  for (size_t i = reader.count(2 * sizeof(uint64_t)); i > 0; --i) {
    const size_t column = read_column();
    parts.dates_.push_back({.column = column, .parts = DateParts::read(reader)});
  }
  for (size_t i = reader.count(sizeof(uint64_t)); i > 0; --i) parts.names_.emplace_back(reader.text());
  for (size_t i = reader.count(5 * sizeof(uint64_t)); i > 0; --i) {
    const size_t column = read_column();
    parts.words_.push_back({.column = column, .scores = TextScores::read(reader), .honest = {}});
    for (const uint32_t place : parts.words_.back().scores.places()) {
      if (place >= parts.names_.size()) reader.refuse("has words of other classes");
    }
  }
  return parts;
}

}  // namespace manyshot
