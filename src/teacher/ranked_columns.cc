#include "teacher/ranked_columns.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

namespace manyshot::teacher {
namespace {

constexpr size_t kRadixBits = 8;
constexpr size_t kRadix = size_t{1} << kRadixBits;
constexpr size_t kNumPasses = 32 / kRadixBits;
constexpr size_t kMinRadixRows = 96;  // below, a comparison sort is quicker

// Unsigned numbers in the order of the floats.
uint32_t ordered_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

}  // namespace

// Leaves keys_ sorted by value, then row.
void RankedColumns::sort_column(std::span<const float> values) {
  const size_t count = values.size();
  for (size_t row = 0; row < count; ++row) {
    assert(std::isfinite(values[row]));
    keys_[row] = uint64_t{ordered_bits(values[row] + 0.0f)} << 32 | row;  // -0 becomes +0, which it equals
  }
  if (count < kMinRadixRows) {
    std::sort(keys_.begin(), keys_.begin() + static_cast<ptrdiff_t>(count));
    return;
  }
  std::array<std::array<uint32_t, kRadix>, kNumPasses> starts{};
  for (size_t row = 0; row < count; ++row) {
    for (size_t pass = 0; pass < kNumPasses; ++pass)
      ++starts[pass][keys_[row] >> (32 + pass * kRadixBits) & (kRadix - 1)];
  }
  for (size_t pass = 0; pass < kNumPasses; ++pass) {
    const size_t shift = 32 + pass * kRadixBits;
    if (starts[pass][keys_[0] >> shift & (kRadix - 1)] == count) continue;  // all alike
    uint32_t sum = 0;
    for (uint32_t& start : starts[pass]) sum += std::exchange(start, sum);
    for (size_t row = 0; row < count; ++row) spare_[starts[pass][keys_[row] >> shift & (kRadix - 1)]++] = keys_[row];
    keys_.swap(spare_);
  }
}

template <class Position>
void RankedColumns::sort_all(const ColumnsView& columns, SortedColumns<Position>& sorted) {
  const size_t num_rows = columns.num_rows;
  sorted.num_rows = num_rows;
  sorted.num_features = columns.num_features;
  const size_t size = num_rows * columns.num_features;
  if (sorted.order.size() < size) {
    sorted.order.resize(size);
    sorted.position.resize(size);
    sorted.rank.resize(size);
  }
  sorted.num_distinct.resize(columns.num_features);
  if (sorted.row_of_rank.size() < columns.num_features * kMaxGroupedValues) {
    sorted.row_of_rank.resize(columns.num_features * kMaxGroupedValues);
  }
  if (keys_.size() < num_rows) {
    keys_.resize(num_rows);
    spare_.resize(num_rows);
  }
  for (size_t feature = 0; feature < columns.num_features; ++feature) {
    sort_column(columns.column(feature));
    Position* order = sorted.order.data() + feature * num_rows;
    Position* position = sorted.position.data() + feature * num_rows;
    uint32_t num_distinct = num_rows > 0 ? 1 : 0;
    for (size_t place = 0; place < num_rows; ++place) {
      const auto row = static_cast<uint32_t>(keys_[place]);
      order[place] = static_cast<Position>(row);
      position[row] = static_cast<Position>(place);
      num_distinct += place > 0 && keys_[place] >> 32 != keys_[place - 1] >> 32;
    }
    sorted.num_distinct[feature] = num_distinct;
    if (num_distinct == num_rows) continue;
    Position* rank = sorted.rank.data() + feature * num_rows;
    const bool is_grouped = sorted.is_grouped(feature);
    Position* representative = sorted.row_of_rank.data() + feature * kMaxGroupedValues;
    uint32_t current = 0;
    for (size_t place = 0; place < num_rows; ++place) {
      current += place > 0 && keys_[place] >> 32 != keys_[place - 1] >> 32;
      rank[order[place]] = static_cast<Position>(current);
      if (is_grouped) representative[current] = order[place];
    }
  }
}

void RankedColumns::assign(const ColumnsView& columns) {
  is_narrow_ = columns.num_rows <= kMaxNarrowRows;
  if (is_narrow_) {
    sort_all(columns, narrow_);
  } else {
    sort_all(columns, wide_);
  }
}

}  // namespace manyshot::teacher
