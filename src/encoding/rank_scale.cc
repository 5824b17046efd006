#include "encoding/rank_scale.h"

#include <algorithm>
#include <cmath>

#include "core/rng.h"

namespace manyshot {

RankScale RankScale::fit(std::span<const double> values) {
  std::vector<double> sorted;
  for (const double value : values) {
    if (std::isfinite(value)) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  RankScale scale;
  for (auto first = sorted.begin(); first != sorted.end();) {
    const auto last = std::upper_bound(first, sorted.end(), *first);
    const auto below = static_cast<double>(first - sorted.begin()), equal = static_cast<double>(last - first);
    scale.values_.push_back(*first);
    scale.scores_.push_back(normal_quantile((below + equal / 2) / static_cast<double>(sorted.size())));
    first = last;
  }
  return scale;
}

void RankScale::write(ByteWriter& writer) const {
  writer.list(values_);
  writer.list(scores_);
}

RankScale RankScale::read(ByteReader& reader) {
  RankScale scale;
  scale.values_ = reader.list<double>();
  scale.scores_ = reader.list<double>();
  if (scale.scores_.size() != scale.values_.size() || !std::ranges::is_sorted(scale.values_))
    reader.refuse("has a scale of ranks that is none");
  return scale;
}

double RankScale::score(double value) const {
  if (std::isnan(value)) return value;
  if (values_.empty()) return 0;
  const auto above = std::upper_bound(values_.begin(), values_.end(), value) - values_.begin();
  if (above == 0) return scores_.front();
  if (above == std::ssize(values_)) return scores_.back();
  const double low = values_[above - 1], high = values_[above];
  // Halved, so that the distance of numbers near 1e308 stays finite; that of the smallest ones becomes 0.
  const double distance = high / 2 - low / 2;
  const double share = distance > 0 ? (value / 2 - low / 2) / distance : 0;
  return scores_[above - 1] + share * (scores_[above] - scores_[above - 1]);
}

}  // namespace manyshot
