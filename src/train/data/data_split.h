// What of a stage's data training sees, and what is held out for validation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot::train {

enum class DataPart { kTraining, kValidation };

struct DataSplit {
  double validation = 0;  // share held out
  uint64_t seed = 0;      // the same for every stage of a run, so that stages of the same data hold out the same
  DataPart part = DataPart::kTraining;

  // Which of `size` samples, or tables, belong to the part, in increasing order: at random, at least one of each part.
  // Throws Error(kBadInput) beginning with `place` for fewer than two `things` where a share is held out.
  std::vector<uint32_t> numbers(uint64_t size, std::string_view things, std::string_view place) const;
};

// "120 held out for validation", in brackets and with a blank before it; empty if none is.
std::string held_out_text(const DataSplit& split, uint64_t size, uint64_t in_part);

}  // namespace manyshot::train
