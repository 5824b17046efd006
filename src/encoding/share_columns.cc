#include "encoding/share_columns.h"

namespace manyshot {

std::vector<Column> share_columns(std::span<const double> shares, const std::vector<std::string>& names) {
  const size_t num_classes = names.size();
  std::vector<Column> columns;
  for (size_t k = num_classes == 2 ? 1 : 0; k < num_classes; ++k) {
    Column column{.name = names[k], .share_of = static_cast<int32_t>(k)};
    for (size_t place = k; place < shares.size(); place += num_classes) column.numbers.push_back(shares[place]);
    columns.push_back(std::move(column));
  }
  return columns;
}

size_t end_of_shares(std::span<const Column> columns, size_t first) {
  size_t end = first + 1;
  while (end < columns.size() && columns[end].share_of > columns[end - 1].share_of) ++end;
  return end;
}

}  // namespace manyshot
