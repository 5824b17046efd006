// Token ids of a `compact` vocabulary (docs/formats/compact.md), as the model's config.json gives them.
#pragma once

#include <optional>

#include "encoding/number_code.h"
#include "encoding/prompt.h"

namespace manyshot {

// What cells and targets can be in version 2 of the format. Cells that are made of two vectors have ids behind the last
// one that has a vector of its own.
struct CellVocabulary {
  TokenId missing = 0, unseen = 0;  // no value; a category that has no id of its own
  TokenId first_category = 0, num_categories = 0;
  TokenId first_target = 0;  // a number to predict, by its code
  TokenId first_pair = 0;    // a number, by its codes as value and as rank
  TokenId first_share = 0;   // what another model thinks of the target: a mark and a code

  TokenId category(uint32_t id) const { return first_category + static_cast<TokenId>(id); }
  TokenId target(int code) const { return first_target + code; }
  TokenId pair(int value, int rank) const { return first_pair + kNumCodes * rank + value; }
  TokenId share(int mark, int code) const { return first_share + kNumCodes * mark + code; }
};

struct CompactVocabulary {
  TokenId first_number = 0;    // codes 0..999
  TokenId first_label = 1000;  // label ids 0..max_classes-1
  TokenId bar = 1010;
  std::optional<CellVocabulary> cells;  // version 2
};

// What a model is given when it is trained from scratch (model/compact/config.h has all of its tokens).
inline CompactVocabulary usual_vocabulary(int version) {
  if (version == 1) return {};
  return {.first_label = 3000,
          .bar = 3010,
          .cells = CellVocabulary{.missing = 3011,
                                  .unseen = 3012,
                                  .first_category = 3013,
                                  .num_categories = 64,
                                  .first_target = 2000,
                                  .first_pair = 3188,
                                  .first_share = 1'003'188}};
}

}  // namespace manyshot
