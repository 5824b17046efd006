#include "table/take_rows.h"

#include <string>
#include <unordered_map>

namespace manyshot {
namespace {

// The categories of several columns under one list of codes.
class JoinedCategories {
 public:
  // What the codes of a column become.
  std::vector<int32_t> codes_of(const std::vector<std::string>& categories) {
    std::vector<int32_t> codes;
    for (const std::string& category : categories) {
      const auto [place, is_new] = places_.emplace(category, static_cast<int32_t>(all_.size()));
      if (is_new) all_.push_back(category);
      codes.push_back(place->second);
    }
    return codes;
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::unordered_map<std::string, int32_t> places_;
  std::vector<std::string> all_;
};

Column join_columns(std::span<const Table* const> tables, size_t index) {
  const Column& first = tables.front()->columns[index];
  Column joined{.name = first.name, .type = first.type, .share_of = first.share_of};
  JoinedCategories categories;
  for (const Table* table : tables) {
    const Column& column = table->columns[index];
    joined.numbers.insert(joined.numbers.end(), column.numbers.begin(), column.numbers.end());
    const std::vector<int32_t> codes = categories.codes_of(column.categories);
    for (const int32_t code : column.codes) {
      joined.codes.push_back(code == kMissingCode ? kMissingCode : codes[static_cast<size_t>(code)]);
    }
  }
  joined.categories = categories.take();
  return joined;
}

}  // namespace

Column take_rows(const Column& column, std::span<const uint64_t> rows) {
  Column part{.name = column.name, .type = column.type, .categories = column.categories, .share_of = column.share_of};
  for (const uint64_t row : rows) {
    if (column.is_number()) {
      part.numbers.push_back(column.numbers[row]);
    } else {
      part.codes.push_back(column.codes[row]);
    }
  }
  return part;
}

Table take_rows(const Table& table, std::span<const uint64_t> rows) {
  Table part{.num_rows = rows.size()};
  for (const Column& column : table.columns) part.columns.push_back(take_rows(column, rows));
  return part;
}

Table join_tables(std::span<const Table* const> tables) {
  Table joined;
  for (const Table* table : tables) joined.num_rows += table->num_rows;
  for (size_t column = 0; column < tables.front()->columns.size(); ++column)
    joined.columns.push_back(join_columns(tables, column));
  return joined;
}

}  // namespace manyshot
