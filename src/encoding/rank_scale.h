// Normal scores: a value as the standard normal quantile of its rank among the labelled rows. Heavy tails and gaps
// vanish; only the order of the values is left.
#pragma once

#include <span>
#include <vector>

#include "core/bytes.h"

namespace manyshot {

class RankScale {
 public:
  // The finite values of the labelled rows; NaN is missing.
  static RankScale fit(std::span<const double> values);

  // The normal quantile of the share of labelled values below `value`, equal ones counted half; linear between two
  // neighbours, and that of the nearest one outside of all. NaN stays NaN; without labelled values everything is 0.
  double score(double value) const;

  void write(ByteWriter& writer) const;
  // Throws Error(kCorruptFile) for values without order.
  static RankScale read(ByteReader& reader);

 private:
  std::vector<double> values_;  // different ones, ascending
  std::vector<double> scores_;  // of each
};

}  // namespace manyshot
