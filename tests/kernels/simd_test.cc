#include "kernels/simd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/error.h"
#include "support/error.h"

namespace manyshot::kernels {
namespace {

class Simd : public testing::Test {
 protected:
  void TearDown() override { limit_simd(nullptr); }
};

TEST_F(Simd, EveryLevelOfTheMachineCanBeChosen) {
  const auto levels = available_simd_levels();
  EXPECT_EQ(levels.front(), SimdLevel::kBaseline);
  for (SimdLevel level : levels) {
    limit_simd(simd_name(level));
    EXPECT_EQ(simd_level(), level);
    EXPECT_EQ(available_simd_levels(), levels);
  }
  limit_simd(nullptr);
  EXPECT_EQ(simd_level(), levels.back());
}

TEST_F(Simd, RefusesUnknownAndMissingLevels) {
  EXPECT_ERROR(limit_simd("avx3"), ErrorKind::kBadInput, "unknown instruction set \"avx3\"; this machine has baseline");
  const auto levels = available_simd_levels();
  const SimdLevel foreign =
      std::find(levels.begin(), levels.end(), SimdLevel::kNeon) == levels.end() ? SimdLevel::kNeon : SimdLevel::kAvx2;
  EXPECT_ERROR(limit_simd(simd_name(foreign)), ErrorKind::kUnsupported, "this processor does not have it");
}

// A new process (threadsafe style starts one) that finds the variable set; it ends with the level, or 9 and the
// message.
int level_by_environment() {
  try {
    return static_cast<int>(simd_level());
  } catch (const Error& error) {
    std::fputs(error.what(), stderr);
    return 9;
  }
}

TEST(SimdDeathTest, TheEnvironmentVariableLowersTheLevel) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("MANYSHOT_SIMD", "baseline", /*overwrite=*/1);
  EXPECT_EXIT(std::exit(level_by_environment()), testing::ExitedWithCode(static_cast<int>(SimdLevel::kBaseline)), "");
  setenv("MANYSHOT_SIMD", "fast", 1);
  EXPECT_EXIT(std::exit(level_by_environment()), testing::ExitedWithCode(9),
              "MANYSHOT_SIMD: unknown instruction set \"fast\"");
  unsetenv("MANYSHOT_SIMD");
}

}  // namespace
}  // namespace manyshot::kernels
