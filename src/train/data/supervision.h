// Which tokens of a text sample the loss looks at.
#pragma once

#include <span>

#include "encoding/tokenizer/tokenizer.h"
#include "train/train_sample.h"

namespace manyshot::train {

// Sets sample.supervised: kAnswer every token from answer_begin on; kLabels those of them that hold a label
// ("label": 3); kDense these and the labels of the labelled rows ("380,nurse|0", "Label is 0"). In `lines` the answer
// is rows, of which kAnswer, too, takes the labels alone. `compact` samples are left as they are. Throws
// Error(kBadInput) for kLabels or kDense when the answer has no labels.
void supervise(TrainSample& sample, LossMode mode, const Tokenizer* tokenizer);

// Whether a text sample is one of PromptStyle::kLines: rows alone behind the system line.
bool is_lines(std::span<const TokenId> tokens, const Tokenizer& tokenizer);

}  // namespace manyshot::train
