#include "train/data/length_limit.h"

#include <algorithm>

#include "core/error.h"

namespace manyshot::train {

LengthLimit::LengthLimit(const StageRecipe& stage)
    : policy_(stage.too_long), max_tokens_(static_cast<size_t>(stage.max_tokens)) {}

bool LengthLimit::fit(TrainSample& sample, std::string_view place) const {
  if (sample.num_features > 0 || sample.tokens.size() <= max_tokens_) return true;
  if (policy_ == TooLong::kSkip) return false;
  const bool keeps_answer = !sample.supervised.empty() && sample.supervised.front() < max_tokens_;
  if (policy_ == TooLong::kStop || !keeps_answer) {
    fail(ErrorKind::kBadInput, "{}: {} tokens, max_tokens is {}; raise it, or take too_long = \"skip\"", place,
         sample.tokens.size(), max_tokens_);
  }
  sample.tokens.resize(max_tokens_);
  const auto end = std::lower_bound(sample.supervised.begin(), sample.supervised.end(), max_tokens_);
  sample.supervised.erase(end, sample.supervised.end());
  return true;
}

void LengthLimit::fail_all_too_long(std::string_view path) const {
  fail(ErrorKind::kBadInput, "{}: every sample has more than max_tokens = {} tokens; raise it", path, max_tokens_);
}

}  // namespace manyshot::train
