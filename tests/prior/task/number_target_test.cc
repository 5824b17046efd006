#include "prior/task/number_target.h"

#include <map>

#include "prior/random/column_loops.h"
#include "prior/testing.h"

namespace manyshot::prior {
namespace {

constexpr size_t kRows = 4000;

NodeMatrix two_columns() {
  NodeMatrix columns;
  fill(columns, 2, kRows, 5);
  return columns;
}

double mean_of_squares(const std::vector<float>& values, const std::vector<float>& of, bool above) {
  double squares = 0, count = 0;
  for (size_t row = 0; row < values.size(); ++row) {
    if ((of[row] > 0) != above) continue;
    squares += values[row] * values[row];
    ++count;
  }
  return squares / count;
}

TEST(NumberTarget, NoiseHasTheDeviationAskedFor) {
  const NodeMatrix columns = two_columns();
  const std::vector<float> score = normal_column(kRows, 1);
  std::map<NoiseKind, int> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Draws draws{Rng(seed)};
    const NoiseLaw law = draw_noise_law(draws);
    ++seen[law.kind];
    std::vector<float> noisy = score;
    add_noise(law, columns, Rng(seed), noisy);
    for (size_t row = 0; row < kRows; ++row) noisy[row] -= score[row];
    const Moments moments = column_moments(noisy.data(), kRows);
    // Three degrees of freedom have no fourth moment.
    const double slack = law.kind == NoiseKind::kStudentT ? 0.5 : 0.15;
    EXPECT_NEAR(moments.deviation, law.deviation, slack * law.deviation) << name_of(law.kind) << " " << seed;
    if (law.kind != NoiseKind::kNone) {
      EXPECT_GE(law.deviation, 0.03);
      EXPECT_LE(law.deviation, 1.5);
    }
  }
  EXPECT_EQ(seen.size(), kNumNoiseKinds);
}

TEST(NumberTarget, NoiseDependsOnTheScoreOrOnOneColumn) {
  NodeMatrix columns;
  fill(columns, 1, kRows, 5);
  const std::vector<float> column(columns.node(0), columns.node(0) + kRows), score = normal_column(kRows, 1);
  for (const NoiseKind kind : {NoiseKind::kByScore, NoiseKind::kByColumn, NoiseKind::kNormal}) {
    std::vector<float> noisy = score;
    add_noise({.kind = kind, .deviation = 0.5, .slope = 0.8}, columns, Rng(3), noisy);
    for (size_t row = 0; row < kRows; ++row) noisy[row] -= score[row];
    const double by_score = mean_of_squares(noisy, score, true) / mean_of_squares(noisy, score, false);
    const double by_column = mean_of_squares(noisy, column, true) / mean_of_squares(noisy, column, false);
    EXPECT_EQ(by_score > 3, kind == NoiseKind::kByScore) << by_score;
    EXPECT_EQ(by_column > 3, kind == NoiseKind::kByColumn) << by_column;
  }
}

TEST(NumberTarget, ShapesAreWhatTheySay) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto shaped = [&](TargetShape shape) {
      std::vector<float> values = normal_column(kRows, seed);
      apply_shape(shape, Rng(seed), values);
      return values;
    };
    const std::vector<float> raw = shaped(TargetShape::kAsItIs), exp = shaped(TargetShape::kExp),
                             power = shaped(TargetShape::kPower), zeros = shaped(TargetShape::kZeroInflated),
                             rounded = shaped(TargetShape::kRounded), counts = shaped(TargetShape::kCounts);
    EXPECT_EQ(raw, normal_column(kRows, seed));
    for (size_t row = 1; row < kRows; ++row) {
      // Exp and power keep the order.
      ASSERT_GE((exp[row] - exp[0]) * (raw[row] - raw[0]), 0);
      ASSERT_GE((power[row] - power[0]) * (raw[row] - raw[0]), 0);
      ASSERT_GE(zeros[row], 0);
      ASSERT_GE(counts[row], 0);
      ASSERT_EQ(counts[row], std::floor(counts[row]));
    }
    const auto share = static_cast<double>(std::count(zeros.begin(), zeros.end(), 0.0f)) / kRows;
    EXPECT_GT(share, 0.08);
    EXPECT_LT(share, 0.72);
    std::vector<float> steps = rounded;
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    EXPECT_LT(steps.size(), 100u);
    EXPECT_GE(steps.size(), 5u);
  }
}

TEST(NumberTarget, TargetsAreStandardisedAndConstantOnesRefused) {
  const NodeMatrix columns = two_columns();
  std::map<std::string, int> shapes;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<float> score = normal_column(kRows, seed, 5e4f, 300);
    Task task;
    task.labels = {1, 2, 3};
    Notes notes;
    ASSERT_FALSE(make_number_target(score, columns, Rng(seed), task, &notes).has_value());
    ++shapes[notes.details["shape"].get<std::string>()];
    EXPECT_TRUE(task.labels.empty());
    ASSERT_EQ(task.target_values.size(), kRows);
    const Moments moments = column_moments(task.target_values.data(), kRows);
    EXPECT_NEAR(moments.mean, 0, 1e-3);
    EXPECT_NEAR(moments.deviation, 1, 2e-2);
    if (task.target_info.kind == ColumnKind::kInteger) {
      const double count = task.target_info.offset + task.target_info.scale * double{task.target_values[7]};
      EXPECT_NEAR(count, std::nearbyint(count), 1e-3 * std::max(1.0, task.target_info.scale));
    }
  }
  EXPECT_EQ(shapes.size(), kNumTargetShapes);
  Task task;
  std::vector<float> constant(kRows, 3.0f), broken = normal_column(kRows, 1);
  EXPECT_EQ(make_number_target(constant, columns, Rng(1), task, nullptr), Rejection::kConstantTarget);
  broken[7] = INFINITY;
  EXPECT_EQ(make_number_target(broken, columns, Rng(1), task, nullptr), Rejection::kNotFinite);
  // One value in 97 of 100 rows: refused when nothing is added to it.
  size_t refused = 0, noiseless = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    std::vector<float> rare(kRows, 0.0f);
    for (size_t row = 0; row < kRows; row += 33) rare[row] = 1;
    Draws draws{Rng(seed)};
    noiseless += draw_noise_law(draws).kind == NoiseKind::kNone ? 1 : 0;
    refused += make_number_target(rare, columns, Rng(seed), task, nullptr) == Rejection::kConstantTarget ? 1 : 0;
  }
  EXPECT_GT(noiseless, 3u);
  EXPECT_GE(refused + 3, noiseless);  // counts add a little of their own
}

}  // namespace
}  // namespace manyshot::prior
