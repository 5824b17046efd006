#include "lab/augment/augmentation.h"

#include <algorithm>

namespace manyshot::lab {

Json to_json(const AugmentCost& cost) {
  return {{"requests", cost.requests},
          {"tokens_read", cost.tokens_read},
          {"tokens_written", cost.tokens_written},
          {"seconds", cost.seconds},
          {"flops", cost.flops}};
}

AugmentCost read_augment_cost(const Json& json) {
  return {.requests = json.value("requests", uint64_t{0}),
          .tokens_read = json.value("tokens_read", uint64_t{0}),
          .tokens_written = json.value("tokens_written", uint64_t{0}),
          .seconds = json.value("seconds", 0.0),
          .flops = json.value("flops", 0.0)};
}

std::vector<AugmentedText> texts_of(const Augmentation& augmentation, std::span<const AugmentKind> kinds) {
  std::vector<AugmentedText> texts;
  std::ranges::copy_if(augmentation.texts, std::back_inserter(texts),
                       [&](const AugmentedText& text) { return std::ranges::find(kinds, text.kind) != kinds.end(); });
  return texts;
}

}  // namespace manyshot::lab
