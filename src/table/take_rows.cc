#include "table/take_rows.h"

namespace manyshot {

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

}  // namespace manyshot
