#include "core/bytes.h"

#include <algorithm>

namespace manyshot {
namespace {

constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;

uint64_t mixed(uint64_t sum, uint64_t word) { return std::rotl((sum ^ word) * kFactor, 29); }

}  // namespace

uint64_t checksum_of(std::string_view bytes) {
  constexpr size_t kLanes = 4, kStep = kLanes * sizeof(uint64_t);
  uint64_t lanes[kLanes] = {0, 1, 2, 3};
  const auto add = [&](const char* block) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      uint64_t word;
      std::memcpy(&word, block + lane * sizeof(word), sizeof(word));
      lanes[lane] = mixed(lanes[lane], word);
    }
  };
  size_t begin = 0;
  for (; begin + kStep <= bytes.size(); begin += kStep) add(bytes.data() + begin);
  if (begin < bytes.size()) {
    char last[kStep] = {};
    std::copy(bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.end(), last);
    add(last);
  }
  uint64_t sum = 0;
  for (const uint64_t lane : lanes) sum = mixed(sum, lane);
  return mixed(sum, bytes.size());
}

}  // namespace manyshot
