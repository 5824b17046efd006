#include "prior/effects/columns.h"

#include <map>
#include <set>

#include "prior/random/column_loops.h"
#include "prior/testing.h"

namespace manyshot::prior {
namespace {

constexpr size_t kRows = 2000;

struct Drawn {
  EffectTable table;
  Notes notes;
  std::string law(size_t column) const {
    for (const Json& node : notes.nodes) {
      if (node["id"] == "f" + std::to_string(column)) return node["equation"];
    }
    return "";
  }
  std::vector<float> values(size_t column) const {
    return {table.values.node(column), table.values.node(column) + table.num_rows()};
  }
};

Drawn drawn(size_t num_columns, uint64_t seed, size_t num_rows = kRows) {
  Drawn result;
  draw_effect_columns(num_columns, num_rows, Rng(seed), result.table, &result.notes);
  return result;
}

double correlation(const float* a, const float* b, size_t count) {
  std::vector<float> x(count), y(count);
  standardise_within(a, count, x.data());
  standardise_within(b, count, y.data());
  double sum = 0;
  for (size_t row = 0; row < count; ++row) sum += x[row] * y[row];
  return sum / static_cast<double>(count);
}

double fourth_moment(std::vector<float> x) {
  const Moments moments = column_moments(x.data(), x.size());
  double sum = 0;
  for (const float v : x) sum += std::pow((v - moments.mean) / moments.deviation, 4);
  return sum / static_cast<double>(x.size());
}

TEST(EffectColumns, NumbersFollowTheLawTheyName) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Drawn task = drawn(1, seed);
    if (task.table.columns[0].has_levels()) continue;
    const std::string law = task.law(0);
    const std::vector<float> x = task.values(0);
    const auto has = [&](const char* word) {
      const bool found = law.find(word) != std::string::npos;
      seen[word] += found ? 1 : 0;
      return found;
    };
    if (has("counts, mean")) {
      EXPECT_EQ(task.table.columns[0].info.kind, ColumnKind::kInteger);
      const double mean = std::stod(law.substr(law.find("mean ") + 5));
      const double size = std::stod(law.substr(law.find("size ") + 5));
      for (const float v : x) ASSERT_TRUE(v >= 0 && v == std::floor(v));
      const double error = std::sqrt((mean + mean * mean / size) / kRows);
      EXPECT_NEAR(column_moments(x.data(), kRows).mean, mean, 6 * error + 0.01 * mean) << law;
    } else if (has("0 with probability")) {
      const double share = std::stod(law.substr(law.find("probability ") + 12));
      expect_share(static_cast<double>(std::count(x.begin(), x.end(), 0.0f)), kRows, share, law);
    } else if (has("ordered levels")) {
      EXPECT_EQ(task.table.columns[0].info.kind, ColumnKind::kOrdinal);
      EXPECT_LT(*std::max_element(x.begin(), x.end()), task.table.columns[0].info.num_levels);
      EXPECT_GE(task.table.columns[0].info.num_levels, 3);
    } else if (has("U(0, 1)")) {
      EXPECT_NEAR(fourth_moment(x), 1.8, 0.1);
    } else if (has("heavy tails")) {
      EXPECT_GT(fourth_moment(x), 3.2);
    } else if (has("in steps of")) {
      std::set<float> distinct(x.begin(), x.end());
      EXPECT_LT(distinct.size(), 300u);
    } else if (has("mixture of")) {
      EXPECT_GT(std::set<float>(x.begin(), x.end()).size(), kRows / 2);
    } else if (has("lognormal, sigma")) {
      EXPECT_GT(*std::min_element(x.begin(), x.end()), 0);
    } else {
      ASSERT_TRUE(has("N(0, 1)")) << law;
      EXPECT_NEAR(fourth_moment(x), 3, 0.6);
    }
  }
  for (const auto& [word, count] : seen) EXPECT_GE(count, 5) << word;
  EXPECT_EQ(seen.size(), kNumNumberLaws);
}

TEST(EffectColumns, LevelsAreFewOrHundreds) {
  double few = 0, many = 0, total = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Drawn task = drawn(3, seed);
    for (size_t column = 0; column < 3; ++column) {
      const EffectColumn& info = task.table.columns[column];
      if (info.role != ColumnRole::kLevels) continue;
      ASSERT_GE(info.info.num_levels, 2);
      ASSERT_LE(info.info.num_levels, 400);
      for (const float v : task.values(column)) ASSERT_TRUE(v >= 0 && v < info.info.num_levels && v == std::floor(v));
      few += info.info.num_levels <= 12 ? 1 : 0;
      many += info.info.num_levels >= 100 ? 1 : 0;
      ++total;
    }
  }
  EXPECT_GT(total, 150);
  // log-uniform 2..12 in three of four columns; of the others, log-uniform 10..400, log(13/10) / log(40) lie below 13.
  EXPECT_NEAR(few / total, 0.75 + 0.25 * std::log(1.3) / std::log(40), 5 * 0.45 / std::sqrt(total));
  EXPECT_NEAR(many / total, 0.25 * std::log(4.0) / std::log(40), 5 * 0.3 / std::sqrt(total));
  // Never more than half as many as there are rows.
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Drawn task = drawn(4, seed, 40);
    for (const EffectColumn& column : task.table.columns) {
      EXPECT_TRUE(column.role != ColumnRole::kLevels || column.info.num_levels <= 20) << column.info.num_levels;
    }
  }
}

TEST(EffectColumns, RolesAreWhatTheySay) {
  std::map<ColumnRole, int> seen;
  double strongest_noise = 0;
  int correlated = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Drawn task = drawn(8, seed);
    const EffectTable& table = task.table;
    EXPECT_TRUE(table.columns[0].is_cause() || table.columns[0].role == ColumnRole::kDate);
    double strongest = 0;
    for (size_t column = 0; column < 8; ++column) {
      const EffectColumn& here = table.columns[column];
      ++seen[here.role];
      const float* x = table.values.node(column);
      if (here.role == ColumnRole::kNested) {
        ASSERT_LT(here.source, column);
        ASSERT_EQ(here.parent_of.size(), static_cast<size_t>(here.info.num_levels));
        for (size_t row = 0; row < kRows; ++row)
          ASSERT_EQ(here.parent_of[static_cast<size_t>(x[row])], table.level(here.source, row));
      } else if (here.role == ColumnRole::kCopy && here.has_levels()) {
        int same = 0;
        for (size_t row = 0; row < kRows; ++row) same += x[row] == table.values.node(here.source)[row] ? 1 : 0;
        EXPECT_GT(same, static_cast<int>(0.45 * kRows));
      } else if (here.role == ColumnRole::kCopy) {
        EXPECT_GT(correlation(x, table.values.node(here.source), kRows), 0.6);
      } else if (here.role == ColumnRole::kDate) {
        EXPECT_TRUE(std::is_sorted(x, x + kRows));
        EXPECT_GT(x[kRows - 1], x[0]);
      }
      for (size_t other = 0; other < column; ++other) {
        if (here.has_levels() || table.columns[other].has_levels()) continue;
        const double r = std::abs(correlation(table.drivers.node(column), table.drivers.node(other), kRows));
        if (here.role == ColumnRole::kNoise) strongest_noise = std::max(strongest_noise, r);
        if (here.role == ColumnRole::kNumber && table.columns[other].role == ColumnRole::kNumber)
          strongest = std::max(strongest, r);
      }
    }
    correlated += strongest > 0.3 ? 1 : 0;
  }
  EXPECT_EQ(seen.size(), 6u);
  for (const auto& [role, count] : seen) EXPECT_GE(count, 20) << name_of(role);
  EXPECT_LT(strongest_noise, 6 / std::sqrt(kRows));
  EXPECT_GT(correlated, 50);
  EXPECT_LT(correlated, 190);
}

}  // namespace
}  // namespace manyshot::prior
