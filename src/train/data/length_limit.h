// What becomes of text samples with more tokens than a stage allows.
#pragma once

#include <string_view>

#include "train/recipe.h"
#include "train/train_sample.h"

namespace manyshot::train {

class LengthLimit {
 public:
  explicit LengthLimit(const StageRecipe& stage);
  // Whether the sample can be used, cut at the end where the stage says so. `compact` samples always can. Throws
  // Error(kBadInput) beginning with `place` where it says "stop", and when nothing supervised would be left.
  bool fit(TrainSample& sample, std::string_view place) const;
  size_t max_tokens() const { return max_tokens_; }
  [[noreturn]] void fail_all_too_long(std::string_view path) const;

 private:
  TooLong policy_;
  size_t max_tokens_;
};

}  // namespace manyshot::train
