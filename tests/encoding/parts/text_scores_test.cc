#include "encoding/parts/text_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "encoding/parts/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;

// Share of rows whose score is on the right side of one half.
double accuracy(const std::vector<double>& scores, const std::vector<int32_t>& labels) {
  size_t right = 0;
  for (size_t row = 0; row < labels.size(); ++row) right += (scores[row] > 0.5) == (labels[row] == 1);
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

TEST(TextScores, LearnWhichWordsTell) {
  const auto shots = testing::sentences(200, 1), queries = testing::sentences(100, 2);
  const auto fitted = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  ASSERT_TRUE(fitted.has_value());
  EXPECT_GT(fitted->explained, 0.5);
  EXPECT_GT(accuracy(fitted->honest, shots.labels), 0.95);
  EXPECT_GT(accuracy(fitted->scores.predict(queries.column, 100), queries.labels), 0.95);
}

// Where labels are drawn without the words, scores are kept as rarely as chance has it, if ever.
TEST(TextScores, WordsThatTellNothingAreLeftOut) {
  int kept = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto shots = testing::sentences(60, 1);
    std::vector<int32_t> labels(60);
    for (size_t row = 0; row < 60; ++row) labels[row] = static_cast<int32_t>(Rng(seed).child("label").below(row, 2));
    kept += TextScores::fit(shots.column, targets_of_classes(labels, 2)).has_value();
  }
  EXPECT_LE(kept, 1);
}

TEST(TextScores, OnlyClassesOfWhichWordsTellAreScored) {
  const auto shots = testing::sentences(300, 1);
  std::vector<int32_t> labels = shots.labels;  // 1 has telling words; the others are split without any
  for (size_t row = 0; row < 300; ++row) {
    if (labels[row] == 0 && Rng(9).bernoulli(row, 0.5)) labels[row] = 2;
  }
  const auto fitted = TextScores::fit(shots.column, targets_of_classes(labels, 3));
  ASSERT_TRUE(fitted.has_value());
  EXPECT_THAT(fitted->scores.places(), ::testing::Contains(1u));
  EXPECT_EQ(fitted->honest.size(), 300 * fitted->scores.width());
  // Rows of class 1 have the higher scores of it.
  const auto place =
      static_cast<size_t>(std::ranges::find(fitted->scores.places(), 1u) - fitted->scores.places().begin());
  double of_one = 0, of_others = 0;
  for (size_t row = 0; row < 300; ++row)
    (labels[row] == 1 ? of_one : of_others) += fitted->honest[row * fitted->scores.width() + place];
  EXPECT_GT(of_one, of_others);
}

// A held-out row's score must not give its label away: no information, no order by label.
TEST(TextScores, HonestScoresHideTheirOwnLabel) {
  // Half of the rows have telling words, the others a number alone.
  auto shots = testing::sentences(400, 3);
  for (size_t row = 0; row < 400; row += 2) shots.column.categories[row] = std::to_string(100'000 + row * 7919);
  const auto fitted = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  ASSERT_TRUE(fitted.has_value());
  std::vector<std::pair<double, int32_t>> silent;
  for (size_t row = 0; row < 400; row += 2) silent.emplace_back(fitted->honest[row], shots.labels[row]);
  // Area under the curve of the label by the score.
  double right = 0, pairs = 0;
  for (const auto& [a, of_a] : silent) {
    for (const auto& [b, of_b] : silent) {
      if (of_a != 1 || of_b != 0) continue;
      ++pairs;
      right += a > b ? 1 : a == b ? 0.5 : 0;
    }
  }
  EXPECT_NEAR(right / pairs, 0.5, 0.12);
}

TEST(TextScores, OfFewRowsNothingIsKept) {
  const auto shots = testing::sentences(kLeastHeldOutRows - 1, 1);
  EXPECT_FALSE(TextScores::fit(shots.column, targets_of_classes(shots.labels, 2)).has_value());
}

TEST(TextScores, OfManyRowsAnEvenChoiceIsFittedOn) {
  const auto shots = testing::sentences(TextScores::kMostRows + 200, 1);
  const auto fitted = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  ASSERT_TRUE(fitted.has_value());
  EXPECT_EQ(fitted->honest.size(), TextScores::kMostRows + 200);
  EXPECT_GT(accuracy(fitted->honest, shots.labels), 0.98);
}

TEST(TextScores, NumbersAreScoredByTheirRanks) {
  const auto shots = testing::sentences(200, 4);
  std::vector<double> numbers;
  for (size_t row = 0; row < 200; ++row)
    numbers.push_back(std::exp(shots.labels[row] * 3 + Rng(1).child("noise").normal(row)));
  const auto fitted = TextScores::fit(shots.column, targets_of_numbers(numbers));
  ASSERT_TRUE(fitted.has_value());
  EXPECT_GT(fitted->explained, 0.4);
}

TEST(TextScores, TargetsOfClasses) {
  std::vector<int32_t> labels;
  for (const int32_t label : {2, 0, 1}) labels.insert(labels.end(), label == 1 ? 7 : 8, label);
  const ScoredTargets targets = targets_of_classes(labels, 3);
  EXPECT_EQ(targets.width, 2u) << "the rare class is not scored";
  EXPECT_THAT(std::span(targets.values).first(2), ElementsAre(0, 1)) << "of class 2";
  EXPECT_THAT(std::span(targets.values).last(2), ElementsAre(0, 0)) << "of class 1";
  EXPECT_EQ(targets.strata.front(), 8u);
  EXPECT_EQ(targets.strata.back(), 7u);
  labels.assign(8, 1);
  EXPECT_THAT(scored_classes(labels, 2), ElementsAre());
  labels.insert(labels.end(), 8, 0);
  EXPECT_THAT(scored_classes(labels, 2), ElementsAre(1)) << "one place says it of both";
  std::vector<int32_t> many;
  for (int32_t k = 0; k < 30; ++k) many.insert(many.end(), k == 29 ? 9 : 8, k);
  EXPECT_THAT(scored_classes(many, 30), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 29)) << "the ten commonest";
}

TEST(TextScores, ACellsScoreStandsAlone) {
  auto shots = testing::sentences(100, 1);
  const auto fitted = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  ASSERT_TRUE(fitted.has_value());
  auto queries = testing::sentences(40, 2);
  queries.column.codes[7] = kMissingCode;
  const std::vector<double> all = fitted->scores.predict(queries.column, 40);
  const Column one = testing::texts({queries.column.categories[11]});
  EXPECT_THAT(fitted->scores.predict(one, 1), ElementsAre(all[11]));
  EXPECT_THAT(fitted->scores.predict(testing::texts({""}), 1), ElementsAre(all[7]));
  EXPECT_THAT(fitted->scores.predict(Column{.numbers = {3}}, 1), ElementsAre(all[7]));
}

TEST(TextScores, ThreadsChangeNothing) {
  const auto shots = testing::sentences(150, 5);
  set_num_threads(1);
  const auto one = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  set_num_threads(3);
  const auto three = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  set_num_threads(0);
  EXPECT_EQ(one->honest, three->honest);
}

TEST(TextScores, ComeBackFromTheirBytesAndCutOnesAreRefused) {
  const auto shots = testing::sentences(60, 1), queries = testing::sentences(10, 2);
  const auto fitted = TextScores::fit(shots.column, targets_of_classes(shots.labels, 2));
  ASSERT_TRUE(fitted.has_value());
  ByteWriter writer;
  fitted->scores.write(writer);
  const std::string bytes = writer.take();
  ByteReader reader(bytes, "m.msfit");
  EXPECT_EQ(TextScores::read(reader).predict(queries.column, 10), fitted->scores.predict(queries.column, 10));
  reader.expect_end();
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 100) {
    ByteReader cut(std::string_view(bytes).substr(0, size), "m.msfit");
    EXPECT_ERROR(TextScores::read(cut), ErrorKind::kCorruptFile, "m.msfit");
  }
  // A term outside of all places.
  std::string other = bytes;
  const size_t first_term = 3 * sizeof(uint64_t) + sizeof(uint32_t) + sizeof(double);
  other[first_term + 3] = 0x7F;
  ByteReader damaged(other, "m.msfit");
  EXPECT_ERROR(TextScores::read(damaged), ErrorKind::kCorruptFile, "has words of no text");
}

}  // namespace
}  // namespace manyshot
