// Going through a tensor's rows in pieces that fit memory; for the writers of models.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/interrupt.h"

namespace manyshot {

inline constexpr uint64_t kChunkValues = uint64_t{1} << 22;  // read, converted and written at a time

// A vector counts as one row.
inline uint64_t columns_of(const std::vector<uint64_t>& shape) { return shape.empty() ? 1 : shape.back(); }
inline uint64_t rows_of(const std::vector<uint64_t>& shape) { return shape.size() < 2 ? 1 : shape.front(); }

// Calls use(first, count) for runs of rows.
template <class Use>
void for_row_chunks(const std::vector<uint64_t>& shape, Use use) {
  const uint64_t rows = rows_of(shape), step = std::max<uint64_t>(1, kChunkValues / columns_of(shape));
  for (uint64_t first = 0; first < rows; first += step) {
    check_interrupted();
    use(first, std::min(step, rows - first));
  }
}

}  // namespace manyshot
