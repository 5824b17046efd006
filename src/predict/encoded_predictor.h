// A classifier or regressor of encoded features as a Predictor or NumberPredictor: tables reach it by the encoding of
// the labelled rows (encoding/features.h).
#pragma once

#include <string>
#include <vector>

#include "encoding/features.h"
#include "predict/number_predictor.h"
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

// Regressor(FeatureMatrix, numbers, settings...), whose predict(FeatureMatrix) const is safe from several threads and
// gives Distributions; honest_means() as NumberPredictor has them.
template <class Regressor>
class EncodedNumberPredictor : public NumberPredictor {
 public:
  template <class... Settings>
  explicit EncodedNumberPredictor(const NumberedTable& shots, Settings... settings)
      : encoder_(FeatureEncoder::fit(shots.features)),
        regressor_(encoder_.transform(shots.features), shots.numbers, settings...) {}

  Distributions predict(const Table& queries) const override { return regressor_.predict(encoder_.transform(queries)); }
  std::vector<double> honest_means() const override { return regressor_.honest_means(); }
  std::vector<std::string> notes() const override { return encoder_.notes(); }

 private:
  FeatureEncoder encoder_;
  Regressor regressor_;
};

}  // namespace manyshot
