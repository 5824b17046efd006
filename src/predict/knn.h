// k nearest neighbours with weights 1/distance, Euclidean, on features standardised by the labelled rows (missing: the
// mean). Eight neighbours, as the published baseline (arXiv 2509.06806, section 3.1.2), which however leaves its
// features unscaled.
#pragma once

#include "predict/predictor.h"

namespace manyshot {

class KnnMethod : public Method {
 public:
  explicit KnnMethod(int num_neighbors = 8) : num_neighbors_(num_neighbors) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

 private:
  int num_neighbors_;
};

}  // namespace manyshot
