#include "model/language/answer_trie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<AnswerFork> forks(std::vector<std::vector<TokenId>> answers) { return answer_forks(answers); }

TEST(AnswerForks, OneTokenAnswersPartAtOnce) {
  const auto result = forks({{7, 99}, {3, 99}, {5, 99}});
  ASSERT_EQ(result.size(), 1u);
  EXPECT_THAT(result[0].path, IsEmpty());
  EXPECT_THAT(result[0].candidates, ElementsAre(3, 5, 7));
  EXPECT_THAT(result[0].choice, ElementsAre(2, 0, 1));
}

TEST(AnswerForks, SharedBeginningsAreFollowedToWhereTheyPart) {
  // "1}", "10}", "2}": 1 and 10 share their first token, and the closing brace competes with the 0.
  const auto result = forks({{1, 50}, {1, 0, 50}, {2, 50}});
  ASSERT_EQ(result.size(), 2u);
  EXPECT_THAT(result[0].candidates, ElementsAre(1, 2));
  EXPECT_THAT(result[0].choice, ElementsAre(0, 0, 1));
  EXPECT_THAT(result[1].path, ElementsAre(1));
  EXPECT_THAT(result[1].candidates, ElementsAre(0, 50));
  EXPECT_THAT(result[1].choice, ElementsAre(1, 0, -1));
}

TEST(AnswerForks, CommonBeginningOfAllIsPartOfThePath) {
  const auto result = forks({{8, 9, 1}, {8, 9, 2}});
  ASSERT_EQ(result.size(), 1u);
  EXPECT_THAT(result[0].path, ElementsAre(8, 9));
}

TEST(AnswerForks, OneAnswerHasNoFork) { EXPECT_THAT(forks({{1, 2}}), IsEmpty()); }

TEST(AnswerForks, AmbiguousAnswersAreErrors) {
  EXPECT_THROW(forks({{1}, {1, 2}}), Error);
  EXPECT_THROW(forks({{1, 2}, {1, 2}}), Error);
  EXPECT_THROW(forks({{}, {2}}), Error);
}

}  // namespace
}  // namespace manyshot
