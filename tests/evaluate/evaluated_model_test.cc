#include "evaluate/evaluated_model.h"

#include <gtest/gtest.h>

namespace manyshot {
namespace {

TEST(UncalibratedTwin, DiffersInCalibrationAlone) {
  const EvaluatedModel calibrated{.spelling = "m", .path = "models/m"};
  EvaluatedModel plain{.spelling = "m+calibrate=none", .path = "models/m"};
  plain.options.calibrate = Calibrate::kNone;
  EvaluatedModel smaller = plain;
  smaller.spelling = "m+calibrate=none+ensemble=1";
  smaller.options.ensemble = 1;
  EXPECT_EQ(uncalibrated_twin(calibrated, {calibrated, smaller, plain}), "m+calibrate=none");
  EXPECT_EQ(uncalibrated_twin(calibrated, {calibrated, smaller}), "");
  EXPECT_EQ(uncalibrated_twin(plain, {calibrated, plain}), "");
}

}  // namespace
}  // namespace manyshot
