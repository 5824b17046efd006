// Numbers by a compact model of version 2: what holds whatever its weights are.
#include "predict/in_context_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/rng.h"
#include "predict/testing.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using testing::numbers;

NumberedTable some_rows(size_t count, uint64_t seed) {
  NumberedTable table;
  std::vector<std::vector<double>> columns(3);
  for (size_t row = 0; row < count; ++row) {
    for (size_t column = 0; column < 3; ++column) columns[column].push_back(Rng(seed).child("x", column).normal(row));
    table.numbers.push_back(1000 + 50 * columns[0][row]);
  }
  table.features = numbers(columns);
  return table;
}

class InContextNumbers : public ::testing::Test {
 protected:
  InContextNumbers() { write_model(folder_, {.num_codes = 1000, .is_typed = true}); }
  ~InContextNumbers() override { set_num_threads(0); }

  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots, int members = 4) const {
    return InContextNumberMethod(load_model(folder_.path(), {.dtype = DType::kFloat32}), {.ensemble = members}, 3)
        .fit(shots);
  }

  TemporaryFolder folder_;
};

TEST_F(InContextNumbers, AnswersAreDistributionsNearTheLabelledNumbers) {
  const NumberedTable shots = some_rows(40, 1), asked = some_rows(30, 2);
  const auto predictor = fit(shots);
  const Distributions found = predictor->predict(asked.features);
  ASSERT_EQ(found.size(), 30u);
  for (size_t query = 0; query < found.size(); ++query) {
    EXPECT_TRUE(std::ranges::is_sorted(found.at(query)));
    EXPECT_GT(found.at(query).front(), 1000 - 5 * 60) << "codes end at 4.17 deviations";
    EXPECT_LT(found.at(query).back(), 1000 + 5 * 60);
  }
  const std::vector<double> means = predictor->honest_means();
  ASSERT_EQ(means.size(), 40u);
  EXPECT_GT(std::ranges::count_if(means, [](double mean) { return mean > 700 && mean < 1300; }), 30);
}

TEST_F(InContextNumbers, SameBitsInAnyBatchAndWithAnyThreads) {
  const NumberedTable shots = some_rows(40, 1), asked = some_rows(30, 2);
  set_num_threads(2);
  const std::vector<double> together = fit(shots)->predict(asked.features).values;
  set_num_threads(1);
  const auto predictor = fit(shots);
  std::vector<double> one_by_one;
  for (uint64_t row = 0; row < 30; ++row) {
    const std::vector<double> values = predictor->predict(take_rows(asked.features, std::span(&row, 1))).values;
    one_by_one.insert(one_by_one.end(), values.begin(), values.end());
  }
  EXPECT_EQ(one_by_one, together);
}

// Its scale is that of the labelled numbers: another unit changes nothing else.
TEST_F(InContextNumbers, UnitsDoNotMatter) {
  NumberedTable shots = some_rows(20, 1);
  const Table asked = some_rows(5, 2).features;
  const Distributions found = fit(shots, 1)->predict(asked);
  for (double& number : shots.numbers) number = 1e9 * number - 4;
  const Distributions scaled = fit(shots, 1)->predict(asked);
  for (size_t i = 0; i < found.values.size(); ++i) {
    EXPECT_NEAR((scaled.values[i] + 4) / 1e9, found.values[i], 1e-6 * found.values[i]);
  }
}

TEST(InContextNumberMethod, AModelOfClassesIsRefusedWithTheWayOut) {
  const TemporaryFolder folder;
  write_model(folder, {});
  EXPECT_ERROR(InContextNumberMethod(load_model(folder.path(), {}), {}, 0), ErrorKind::kUnsupported,
               HasSubstr("predicts classes, and the target is a number; use auto, mean"));
}

}  // namespace
}  // namespace manyshot
