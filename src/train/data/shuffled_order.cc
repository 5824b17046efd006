#include "train/data/shuffled_order.h"

#include "core/rng.h"

namespace manyshot::train {

uint32_t ShuffledOrder::at(uint64_t position, uint64_t attempt) const {
  const uint64_t number = position / size();
  const std::lock_guard lock(mutex_);
  Pass& pass = passes_[number % 2];
  if (pass.permutation == nullptr || pass.number != number) {
    const Rng rng = Rng(seed_).child("pass", number);
    pass = {number, std::make_shared<const std::vector<uint32_t>>(rng.permutation(static_cast<uint32_t>(size())))};
  }
  return numbers_[(*pass.permutation)[(position + attempt) % size()]];
}

}  // namespace manyshot::train
