// Token ids of a `compact` vocabulary (docs/formats/compact.md), as the model's config.json gives them.
#pragma once

#include "encoding/prompt.h"

namespace manyshot {

struct CompactVocabulary {
  TokenId first_number = 0;    // codes 0..999
  TokenId first_label = 1000;  // label ids 0..max_classes-1
  TokenId bar = 1010;
};

}  // namespace manyshot
