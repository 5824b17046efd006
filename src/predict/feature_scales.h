// Features standardised by the labelled rows, for methods that measure distances or add features up.
#pragma once

#include <vector>

#include "encoding/features.h"
#include "encoding/number_code.h"

namespace manyshot {

class FeatureScales {
 public:
  static FeatureScales fit(const FeatureMatrix& labelled);
  // [N, F] row-major: mean 0 and deviation 1 over the labelled rows; missing is the mean.
  std::vector<double> apply(const FeatureMatrix& features) const;

 private:
  std::vector<NumberCode> scales_;  // [F]
};

}  // namespace manyshot
