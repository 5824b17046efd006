// The baseline that knows only how frequent each class is among the labelled rows.
#pragma once

#include "predict/predictor.h"

namespace manyshot {

class MajorityMethod : public Method {
 public:
  bool reads_parts() const override { return false; }
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;
};

}  // namespace manyshot
