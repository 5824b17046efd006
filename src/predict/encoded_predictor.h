// A classifier of numbers as a Predictor: tables reach it by the encoding of the labelled rows (encoding/features.h).
#pragma once

#include <string>
#include <vector>

#include "encoding/features.h"
#include "predict/predictor.h"

namespace manyshot {

// Classifier(FeatureMatrix, labels, num_classes, settings...), whose predict(FeatureMatrix) const is safe from several
// threads.
template <class Classifier>
class EncodedPredictor : public Predictor {
 public:
  template <class... Settings>
  explicit EncodedPredictor(const LabelledTable& shots, Settings... settings)
      : encoder_(FeatureEncoder::fit(shots.features)),
        classifier_(encoder_.transform(shots.features), shots.labels, shots.num_classes(), settings...) {}

  std::vector<double> predict(const Table& queries) const override {
    return classifier_.predict(encoder_.transform(queries));
  }
  std::vector<std::string> notes() const override { return encoder_.notes(); }

 private:
  FeatureEncoder encoder_;
  Classifier classifier_;
};

}  // namespace manyshot
