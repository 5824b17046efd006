// What dates and words say, as the methods are shown it.
#include "predict/parts_method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "predict/number_baselines.h"
#include "predict/testing.h"
#include "support/models/random_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Weekends, and messages with the word "refund", are of class "b"; another column is noise.
LabelledTable messages(size_t num_rows, uint64_t seed) {
  const Rng rng(seed);
  LabelledTable table{.classes = {"a", "b"}};
  Column dates{.name = "when", .type = ColumnType::kDate}, texts{.name = "text", .type = ColumnType::kText};
  Column noise{.name = "noise"};
  for (size_t row = 0; row < num_rows; ++row) {
    const auto day = static_cast<double>(rng.child("day").below(row, 700));
    const bool is_weekend = std::fmod(day, 7) >= 5, is_refund = rng.child("refund").bernoulli(row, 0.4);
    dates.numbers.push_back(19'723 + day);  // a Monday
    texts.codes.push_back(static_cast<int32_t>(row));
    texts.categories.push_back("order " + std::to_string(10'000 + rng.child("order").below(row, 90'000)) +
                               (is_refund ? " refund please" : " thank you"));
    noise.numbers.push_back(rng.child("noise").normal(row));
    table.labels.push_back(is_weekend || is_refund ? 1 : 0);
  }
  table.features = {.columns = {dates, texts, noise}, .num_rows = num_rows};
  return table;
}

NumberedTable as_numbers(const LabelledTable& table) {
  return {.features = table.features, .numbers = std::vector<double>(table.labels.begin(), table.labels.end())};
}

double accuracy(const std::vector<double>& probabilities, const std::vector<int32_t>& labels) {
  double right = 0;
  for (size_t row = 0; row < labels.size(); ++row) right += (probabilities[2 * row + 1] > 0.5) == (labels[row] == 1);
  return right / static_cast<double>(labels.size());
}

TEST(PartsMethod, TreesSeeWeekdaysAndWords) {
  const LabelledTable shots = messages(300, 1), queries = messages(200, 2);
  for (const char* name : {"forest", "xgboost", "auto"}) {
    const auto predictor = open_method(name, {.ensemble = 1})->fit(shots);
    EXPECT_GT(accuracy(predictor->predict(queries.features), queries.labels), 0.95) << name;
    EXPECT_THAT(predictor->notes(), Contains(HasSubstr("column \"text\": its words are read"))) << name;
  }
  const auto majority = open_method("majority")->fit(shots);
  EXPECT_THAT(majority->notes(), Not(Contains(HasSubstr("words"))));
}

TEST(PartsMethod, NumbersSeeThemToo) {
  const NumberedTable shots = as_numbers(messages(300, 1));
  const LabelledTable queries = messages(200, 2);
  const auto predictor = open_number_method("forest", {}, 0)->fit(shots);
  const Distributions found = predictor->predict(queries.features);
  double squares = 0, all = 0;
  for (size_t row = 0; row < 200; ++row) {
    squares += std::pow(mean_of(found.at(row)) - queries.labels[row], 2);
    all += std::pow(0.5 - queries.labels[row], 2);
  }
  EXPECT_LT(squares, 0.2 * all);
  EXPECT_THAT(predictor->notes(), Contains(HasSubstr("column \"text\": its words are read")));
}

// A model of version 2; what the words say is kept, and queries alone or together are the same bits.
TEST(PartsMethod, BeginsAgainWithTheSameBits) {
  TemporaryFolder folder;
  write_model(folder, {.num_codes = 1000, .is_typed = true});
  const LabelledTable shots = messages(60, 1), queries = messages(9, 2);
  for (const std::string& name : {folder.path(), std::string("forest")}) {
    const auto method = open_method(name, {.ensemble = 2}, 3);
    FitParts parts{.path = "m.msfit"};
    const auto filled = method->fit_with(shots, FitStore::filling(parts)),
               begun = method->fit_with(shots, FitStore::reading(parts));
    EXPECT_TRUE(
        std::ranges::any_of(parts.by_name, [](const auto& part) { return part.first.starts_with("words-1/"); }));
    const std::vector<double> together = filled->predict(queries.features);
    EXPECT_EQ(begun->predict(queries.features), together);
    EXPECT_EQ(begun->notes(), filled->notes());
    for (uint64_t row = 0; row < 9; ++row) {
      const std::vector<uint64_t> one{row};
      const std::vector<double> alone = filled->predict(take_rows(queries.features, one));
      EXPECT_EQ(alone[0], together[2 * row]) << row;
    }
  }
}

TEST(PartsMethod, VersionOneKeepsItsPrompts) {
  TemporaryFolder folder;
  write_model(folder, {.num_codes = 1000});
  const auto predictor = open_method(folder.path(), {.ensemble = 1})->fit(messages(60, 1));
  EXPECT_THAT(predictor->notes(), Not(Contains(HasSubstr("words are read"))));
}

}  // namespace
}  // namespace manyshot
