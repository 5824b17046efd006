#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "evaluate/summary/example_summary.h"
#include "evaluate/summary/summary_json.h"
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

}  // namespace
}  // namespace manyshot
