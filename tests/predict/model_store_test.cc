#include "predict/model_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"

namespace manyshot {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ModelStore, FindsTheBundledModelBesideTheLibraries) {
  EXPECT_THAT(installed_models(), Contains("default"));
  EXPECT_THAT(resolve_model("default"), EndsWith("/default"));
  EXPECT_TRUE(std::filesystem::exists(resolve_model("default") + "/config.json"));
}

TEST(ModelStore, PathsStayAsTheyAre) { EXPECT_EQ(resolve_model("./somewhere/model"), "./somewhere/model"); }

TEST(ModelStore, UnknownNamesListWhatThereIs) {
  try {
    resolve_model("defualt", {"knn"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    EXPECT_THAT(error.what(), HasSubstr("no model \"defualt\"; did you mean \"default\"?"));
    EXPECT_THAT(error.what(), HasSubstr("\"knn\""));
  }
}

}  // namespace
}  // namespace manyshot
