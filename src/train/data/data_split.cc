#include "train/data/data_split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/rng.h"
#include "core/text.h"

namespace manyshot::train {

std::vector<uint32_t> DataSplit::numbers(uint64_t size, std::string_view things, std::string_view place) const {
  std::vector<uint32_t> numbers(size);
  std::iota(numbers.begin(), numbers.end(), 0u);
  if (validation == 0) return numbers;
  if (size < 2) {
    fail(ErrorKind::kBadInput, "{}: validation = {} needs two {}, one to train on and one to hold out; there is one",
         place, validation, things);
  }
  const auto held_out = static_cast<ptrdiff_t>(
      std::clamp<uint64_t>(static_cast<uint64_t>(std::llround(validation * static_cast<double>(size))), 1, size - 1));
  numbers = Rng(seed).child("validation").permutation(static_cast<uint32_t>(size));
  if (part == DataPart::kValidation) {
    numbers.resize(static_cast<size_t>(held_out));
  } else {
    numbers.erase(numbers.begin(), numbers.begin() + held_out);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string held_out_text(const DataSplit& split, uint64_t size, uint64_t in_part) {
  if (split.validation == 0) return "";
  const uint64_t held_out = split.part == DataPart::kValidation ? in_part : size - in_part;
  return fmt::format(" ({} held out for validation)", with_thousands(static_cast<long long>(held_out)));
}

}  // namespace manyshot::train
