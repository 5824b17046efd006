#include "predict/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

TEST(SortClasses, NumbersByValueElseBytes) {
  std::vector<std::string> numbers{"10", "9", "-1", "2.5"};
  sort_classes(numbers);
  EXPECT_THAT(numbers, ElementsAre("-1", "2.5", "9", "10"));
  std::vector<std::string> mixed{"b", "10", "9", "B"};
  sort_classes(mixed);
  EXPECT_THAT(mixed, ElementsAre("10", "9", "B", "b"));
}

TEST(MatchClasses, BySpellingThenByValue) {
  EXPECT_THAT(match_classes({"1.0", "0", "2", "yes", "x"}, {"0", "1", "yes"}), ElementsAre(1, 0, -1, 2, -1));
  EXPECT_THAT(match_classes({"1", "1.0"}, {"1", "1.0"}), ElementsAre(0, 1)) << "the exact spelling wins";
  EXPECT_THAT(match_classes({"true", " False", "TRUE"}, {"False", "True"}), ElementsAre(1, 0, 1));
}

}  // namespace
}  // namespace manyshot
