#include "predict/known_rows.h"

#include <bit>
#include <functional>
#include <string_view>

namespace manyshot {
namespace {

// Mixes two hashes as Fibonacci hashing does.
uint64_t combine(uint64_t hash, uint64_t value) { return std::rotl(hash ^ value, 23) * 0x9E3779B97F4A7C15; }

}  // namespace

uint64_t KnownRows::hash_row(const Table& table, size_t row) {
  uint64_t hash = table.columns.size();
  for (const Column& column : table.columns) {
    uint64_t value = 0;  // missing
    if (!column.is_missing(row)) {
      value = column.is_number()
                  ? std::bit_cast<uint64_t>(column.numbers[row] + 0.0)  // -0 as 0
                  : std::hash<std::string_view>{}(column.categories[static_cast<size_t>(column.codes[row])]) | 1;
    }
    hash = combine(hash, value);
  }
  return hash;
}

KnownRows::KnownRows(const Table& labelled) {
  const size_t num_rows = labelled.num_rows;
  for (size_t row = 0; row < num_rows; ++row) hashes_.insert(hash_row(labelled, row));
  if (num_rows > 0) repeated_share_ = 1 - static_cast<double>(hashes_.size()) / static_cast<double>(num_rows);
}

bool KnownRows::is_suspicious(uint64_t count, uint64_t num_rows) const {
  return static_cast<double>(count) > 1.5 * repeated_share_ * static_cast<double>(num_rows);
}

}  // namespace manyshot
