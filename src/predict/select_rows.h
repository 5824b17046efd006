// Choosing which labelled rows a model sees.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/names.h"
#include "core/rng.h"

namespace manyshot {

enum class Selection {
  kRandom,      // uniformly, without replacement
  kStratified,  // each class in proportion to its rows, at least one row of each class while `count` allows
};
constexpr auto names_of(Selection) {
  return std::to_array<Named<Selection>>({{Selection::kRandom, "random"}, {Selection::kStratified, "stratified"}});
}

// `count` of the rows 0..N-1 whose classes are `labels` [N] (-1: never chosen), in increasing order; all of them when
// there are no more.
std::vector<uint64_t> select_rows(std::span<const int32_t> labels, size_t num_classes, uint64_t count,
                                  Selection selection, const Rng& rng);

// The fold 0..num_folds-1 of each row, -1 for rows whose label is -1: classes in turn, the rows of each in random
// order, so that every fold has each class in proportion.
std::vector<int32_t> stratified_folds(std::span<const int32_t> labels, size_t num_classes, int num_folds,
                                      const Rng& rng);

}  // namespace manyshot
