#include "predict/model_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
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
  EXPECT_ERROR(resolve_model("defualt", {"knn"}), ErrorKind::kNotFound,
               AllOf(HasSubstr("no model \"defualt\"; did you mean \"default\"?"), HasSubstr("\"knn\"")));
}

}  // namespace
}  // namespace manyshot
