#include "evaluate/evaluated_model.h"

#include <gtest/gtest.h>

#include <utility>

#include "support/models/random_model.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

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

// A ledger keeps results of a model only under the same hash.
TEST(FindModels, TheHashOfAnEndpointIsOfTheOptionsThatAnswersDependOn) {
  EndpointOptions endpoint;
  endpoint.base_url = "http://localhost:8000/v1";
  endpoint.temperature = 0.5;
  endpoint.concurrency = 7;
  const std::vector<EvaluatedModel> models = find_models({"openai:writer", "openai:writer+labels=names"}, {}, endpoint);
  EXPECT_EQ(models[0].hash, "b62d50cec4e01312c019f07fe709a7e19c687ec0e2f34ce66c42ac54b4598d19");
  EXPECT_EQ(models[1].hash, "f1127ce314b0e64da0c54919d6f57f805f2d9bf8f869a7b9ec19c785cb7ea2c0");
}

TEST(FindModels, AutoIsHashedApartFromItsModel) {
  const std::vector<EvaluatedModel> models = find_models(
      {"auto", "default", "auto+teacher_seconds=5", "default+teacher_seconds=5", "default+calibrate=none"}, {});
  EXPECT_EQ(models[0].path, models[1].path);
  EXPECT_NE(models[0].hash, models[1].hash);
  EXPECT_NE(models[0].hash, models[2].hash);
  EXPECT_EQ(models[1].hash, models[3].hash) << "no trees, no matter how long they may take";
  EXPECT_EQ(uncalibrated_twin(models[0], models), "");
  EXPECT_EQ(uncalibrated_twin(models[1], models), "default+calibrate=none");
}

// Every compact model predicts classes; numbers where its config says so.
TEST(FindModels, AModelSaysWhetherItPredictsNumbers) {
  const TemporaryFolder folder;
  write_model(folder, {.is_typed = true});
  const std::vector<EvaluatedModel> models = find_models(
      {folder.path(), "default", "ridge", "majority", "auto", source_path("tests/data/compact_golden")}, {});
  const auto predicts = [&](size_t model) {
    return std::pair(models[model].predicts_classes, models[model].predicts_numbers);
  };
  EXPECT_EQ(predicts(0), std::pair(true, true));
  EXPECT_EQ(predicts(1), std::pair(true, true));
  EXPECT_EQ(predicts(2), std::pair(false, true));
  EXPECT_EQ(predicts(3), std::pair(true, false));
  EXPECT_EQ(predicts(4), std::pair(true, true));
  EXPECT_EQ(predicts(5), std::pair(true, false)) << "of version 1";
}

}  // namespace
}  // namespace manyshot
