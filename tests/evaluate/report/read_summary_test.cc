#include "evaluate/report/read_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "evaluate/evaluated_model.h"
#include "evaluate/report/example_summary.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

TEST(ReadSummary, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  const Json written = to_json(testing::example_summary());
  const std::string path = folder.write("summary.json", written.dump());
  EXPECT_EQ(to_json(read_summary(path)).dump(), written.dump());
}

TEST(ReadSummary, ReportsAreMadeAgain) {
  const TemporaryFolder folder;
  folder.write("summary.json", to_json(testing::example_summary()).dump());
  rewrite_report(folder.path());
  EXPECT_THAT(read_file(folder / "report.html"), HasSubstr("6 models on 40 tables"));
}

TEST(ReadSummary, OtherFilesAreNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { read_summary(folder / "summary.json"); }).kind(), ErrorKind::kNotFound);
  for (const auto& [content, found] : std::vector<std::pair<std::string, std::string>>{
           {"{", "not the summary of an evaluation"},
           {"[]", "not the summary of an evaluation"},
           {R"({"format": "manyshot evaluation summary 9"})", "its format is \"manyshot evaluation summary 9\""},
           {R"({"format": "manyshot evaluation summary 1"})", "not the summary of an evaluation"}}) {
    const std::string path = folder.write("summary.json", content);
    const Error error = error_of([&] { read_summary(path); });
    EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile);
    EXPECT_THAT(error.what(), HasSubstr(path + ": " + found));
  }
}

TEST(ReadSummary, NamesThatAreNotListed) {
  const TemporaryFolder folder;
  Json json = to_json(testing::example_summary());
  json["cells"][0]["model"] = "somebody";
  const std::string path = folder.write("summary.json", json.dump());
  const Error error = error_of([&] { read_summary(path); });
  EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile);
  EXPECT_THAT(error.what(), HasSubstr("names a model or table that it does not list"));
}

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
