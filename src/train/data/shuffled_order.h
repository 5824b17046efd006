// The order in which a stage goes through N samples of its data: a new seeded permutation for each pass.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace manyshot::train {

class ShuffledOrder {
 public:
  // `numbers` are the samples, N of them. REQUIRES: 0 < N < 2^32.
  ShuffledOrder(uint64_t seed, std::vector<uint32_t> numbers) : seed_(seed), numbers_(std::move(numbers)) {}
  // Which sample stands at `position`; `attempt` > 0: the one to take when those of lower attempts cannot be
  // used, until all N are tried. Safe from several threads; the permutations of the two passes used
  // last are kept (4 bytes a sample each).
  uint32_t at(uint64_t position, uint64_t attempt = 0) const;
  uint64_t size() const { return numbers_.size(); }

 private:
  using Permutation = std::shared_ptr<const std::vector<uint32_t>>;
  struct Pass {
    uint64_t number = 0;
    Permutation permutation;
  };

  uint64_t seed_;
  std::vector<uint32_t> numbers_;
  mutable std::mutex mutex_;
  mutable Pass passes_[2];
};

}  // namespace manyshot::train
