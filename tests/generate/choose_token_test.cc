// Which token is drawn, against the definition of each cut.
#include "generate/choose_token.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "support/error.h"

namespace manyshot {
namespace {

// Probabilities .5, .05, .25, .15, .05.
NextToken example() {
  NextToken next;
  for (const double p : {.5, .05, .25, .15, .05}) next.logits.push_back(static_cast<float>(std::log(p) + 3));
  next.log_sum = 3;
  return next;
}

// How often each token comes among evenly spread draws.
std::map<TokenId, double> shares(const GenerateOptions& options) {
  constexpr int kDraws = 10'000;
  std::map<TokenId, double> result;
  const NextToken next = example();
  for (int i = 0; i < kDraws; ++i) result[choose_token(next, options, (i + .5) / kDraws)] += 1.0 / kDraws;
  return result;
}

void expect_shares(const GenerateOptions& options, const std::map<TokenId, double>& expected) {
  const std::map<TokenId, double> found = shares(options);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [token, share] : expected) EXPECT_NEAR(found.at(token), share, 1e-3) << token;
}

TEST(ChooseToken, GreedyTakesTheFirstOfTheLargest) {
  NextToken next;
  next.logits = {-1, 2, 2, 0};
  EXPECT_EQ(choose_token(next, {}, .99), 1);
}

TEST(ChooseToken, DrawsFromTheSoftmax) {
  expect_shares({.temperature = 1}, {{0, .5}, {1, .05}, {2, .25}, {3, .15}, {4, .05}});
  const double sum = .25 + .0025 + .0625 + .0225 + .0025;  // squares, at half the temperature
  expect_shares({.temperature = .5},
                {{0, .25 / sum}, {1, .0025 / sum}, {2, .0625 / sum}, {3, .0225 / sum}, {4, .0025 / sum}});
}

TEST(ChooseToken, CutsToTheLikeliest) {
  expect_shares({.temperature = 1, .top_k = 2}, {{0, 2. / 3}, {2, 1. / 3}});
  expect_shares({.temperature = 1, .top_k = 4}, {{0, .5 / .95}, {2, .25 / .95}, {3, .15 / .95}, {1, .05 / .95}});
  expect_shares({.temperature = 1, .top_k = 99}, {{0, .5}, {1, .05}, {2, .25}, {3, .15}, {4, .05}});
  expect_shares({.temperature = 1, .top_p = .76}, {{0, .5 / .9}, {2, .25 / .9}, {3, .15 / .9}});
  expect_shares({.temperature = 1, .top_p = .01}, {{0, 1}});
  // The share is one of the top_k alone: .5 of .75 is less than .7.
  expect_shares({.temperature = 1, .top_p = .66, .top_k = 2}, {{0, 1}});
  expect_shares({.temperature = 1, .top_p = .7, .top_k = 2}, {{0, 2. / 3}, {2, 1. / 3}});
}

TEST(ChooseToken, TellsTheLikeliest) {
  const NextToken next = example();
  const std::vector<TokenLogProb> likeliest = most_likely(next, 4);
  ASSERT_EQ(likeliest.size(), 4u);
  EXPECT_EQ(likeliest[0].token, 0);
  EXPECT_EQ(likeliest[2].token, 3);
  EXPECT_EQ(likeliest[3].token, 1) << "the smaller id of equal ones";
  EXPECT_NEAR(likeliest[1].log_prob, std::log(.25), 1e-6);
  EXPECT_EQ(most_likely(next, 99).size(), 5u);
}

TEST(ChooseToken, OptionsThatMakeNoSense) {
  EXPECT_ERROR(GenerateOptions{.top_p = 0}.validate(), ErrorKind::kBadInput, "top_p: 0 leaves no token");
  EXPECT_ERROR((GenerateOptions{.stop = {"a", ""}}.validate()), ErrorKind::kBadInput, "stop: an empty text");
}

}  // namespace
}  // namespace manyshot
