// Element-wise work on parameters, cut into pieces of fixed size for all threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/parallel.h"
#include "train/trainable.h"

namespace manyshot::train {

// Calls work(parameter number, first, last) for ranges of values.
template <class Work>
void for_chunks(const std::vector<Parameter>& parameters, const Work& work) {
  constexpr size_t kChunk = 1 << 14;
  struct Piece {
    size_t parameter, first, last;
  };
  std::vector<Piece> pieces;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const size_t size = parameters[i].value.size();
    for (size_t first = 0; first < size; first += kChunk) pieces.push_back({i, first, std::min(size, first + kChunk)});
  }
  parallel_for(pieces.size(), [&](size_t i, int) { work(pieces[i].parameter, pieces[i].first, pieces[i].last); });
}

}  // namespace manyshot::train
