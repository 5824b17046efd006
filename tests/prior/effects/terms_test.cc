#include "prior/effects/terms.h"

#include <map>

#include "prior/effects/conditions.h"
#include "prior/effects/labels.h"
#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/testing.h"

namespace manyshot::prior {
namespace {

constexpr size_t kRows = 4000;

// Four independent numbers, and two columns of four and six even levels; the second is nested when asked for.
EffectTable plain_table(bool nested = false) {
  EffectTable table;
  table.columns.resize(6);
  table.values.reshape(6, kRows);
  table.drivers.reshape(6, kRows);
  const BulkRandom bulk{Rng(9)};
  for (uint32_t column = 0; column < 4; ++column) bulk.normal(column, 0, 1, table.values.node(column), kRows);
  for (size_t column = 4; column < 6; ++column) {
    EffectColumn& here = table.columns[column];
    here.role = ColumnRole::kLevels;
    here.info = {.kind = ColumnKind::kCategorical, .num_levels = column == 4 ? 4 : 8};
    bulk.uniform(static_cast<uint32_t>(column), 0, static_cast<float>(here.info.num_levels), table.values.node(column),
                 kRows);
    for (size_t row = 0; row < kRows; ++row)
      table.values.node(column)[row] = std::floor(table.values.node(column)[row]);
  }
  if (nested) {
    table.columns[5].role = ColumnRole::kNested;
    table.columns[5].source = 4;
    for (int32_t level = 0; level < 8; ++level) table.columns[5].parent_of.push_back(level / 2);
    for (size_t row = 0; row < kRows; ++row)
      table.values.node(5)[row] = 2 * table.values.node(4)[row] + static_cast<float>(row % 2);
  }
  for (size_t column = 0; column < 6; ++column)
    std::copy_n(table.values.node(column), kRows, table.drivers.node(column));
  return table;
}

// The share of y's variance that lies between groups of rows.
double between_share(const std::vector<float>& y, const std::vector<size_t>& group) {
  std::map<size_t, std::pair<double, double>> sums;
  double total = 0, squares = 0;
  for (size_t row = 0; row < y.size(); ++row) {
    sums[group[row]].first += y[row];
    sums[group[row]].second += 1;
    total += y[row];
    squares += y[row] * y[row];
  }
  const auto n = static_cast<double>(y.size());
  double between = -total * total / n;
  for (const auto& [key, sum] : sums) between += sum.first * sum.first / sum.second;
  return between / (squares - total * total / n);
}

// Rows by tenths of a number, or by level.
std::vector<size_t> groups_of(const EffectTable& table, size_t column) {
  std::vector<size_t> groups(kRows);
  const float* x = table.values.node(column);
  if (table.columns[column].has_levels()) {
    for (size_t row = 0; row < kRows; ++row) groups[row] = static_cast<size_t>(x[row]);
    return groups;
  }
  std::vector<float> sorted(x, x + kRows);
  std::sort(sorted.begin(), sorted.end());
  for (size_t row = 0; row < kRows; ++row)
    groups[row] =
        static_cast<size_t>(std::lower_bound(sorted.begin(), sorted.end(), x[row]) - sorted.begin()) * 10 / kRows;
  return groups;
}

TEST(EffectTerms, EveryKindIsStandardisedAndReadsItsColumns) {
  const EffectTable table = plain_table();
  for (const Named<TermKind>& kind : names_of(TermKind{})) {
    size_t constant = 0;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      const Term term = draw_term(kind.value, table, Rng(seed));
      ASSERT_FALSE(term.columns.empty()) << kind.name;
      ASSERT_FALSE(term.text.empty());
      const Moments moments = column_moments(term.values.data(), kRows);
      if (moments.deviation == 0) {
        ++constant;
        continue;
      }
      EXPECT_NEAR(moments.mean, 0, 0.1) << kind.name;
      EXPECT_NEAR(moments.deviation, 1, 0.3) << kind.name << " " << seed;
      for (const size_t column : term.columns)
        EXPECT_NE(term.text.find("f" + std::to_string(column)), std::string::npos) << term.text;
    }
    EXPECT_LE(constant, 6u) << kind.name;
  }
}

TEST(EffectTerms, OneColumnTellsNothingOfAParityAndAllOfThemTellAll) {
  const EffectTable table = plain_table();
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const Term term = draw_term(TermKind::kParity, table, Rng(seed));
    ASSERT_GE(term.columns.size(), 2u);
    std::vector<size_t> joint(kRows, 0);
    for (const size_t column : term.columns) {
      const std::vector<size_t> groups = groups_of(table, column);
      EXPECT_LT(between_share(term.values, groups), 0.02) << term.text;
      // Halves of numbers, levels as they are.
      for (size_t row = 0; row < kRows; ++row)
        joint[row] = 16 * joint[row] + (table.columns[column].has_levels() ? groups[row] : groups[row] / 5);
    }
    EXPECT_GT(between_share(term.values, joint), 0.97) << term.text;
  }
}

TEST(EffectTerms, LevelsAndStepsAreTheirColumnsAlone) {
  const EffectTable table = plain_table();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Term levels = draw_term(TermKind::kLevels, table, Rng(seed));
    EXPECT_GT(between_share(levels.values, groups_of(table, levels.columns[0])), 0.999);
    const Term smooth = draw_term(TermKind::kSmooth, table, Rng(seed));
    ASSERT_EQ(smooth.columns.size(), 1u);
    // Rows with equal values of the column have equal effects: sorted by it, neighbours hardly differ.
    std::vector<std::pair<float, float>> pairs;
    for (size_t row = 0; row < kRows; ++row)
      pairs.emplace_back(table.drivers.node(smooth.columns[0])[row], smooth.values[row]);
    std::sort(pairs.begin(), pairs.end());
    double jumps = 0;
    for (size_t row = 1; row < kRows; ++row) jumps += std::pow(pairs[row].second - pairs[row - 1].second, 2);
    EXPECT_LT(jumps / kRows, 0.02) << smooth.text;
  }
}

TEST(EffectTerms, NestedLevelsAreDrawnToTheirParents) {
  const EffectTable nested = plain_table(/*nested=*/true);
  double product = 0, squares = 0, count = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const std::vector<float> effects = level_effects(nested, 5, Rng(seed));
    for (size_t level = 0; level < 8; level += 2) {
      product += effects[level] * effects[level + 1];
      squares += effects[level] * effects[level];
      ++count;
    }
  }
  // Siblings share a parent's effect of share s: the correlation is E s^2 over s ~ U(0.5, 0.95), 0.54.
  EXPECT_NEAR(squares / count, 1, 0.15);
  EXPECT_NEAR(product / count, 0.54, 0.12);
}

TEST(EffectTerms, ConditionsHoldForTheirShare) {
  const EffectTable table = plain_table();
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Draws draws{Rng(seed)};
    for (size_t column = 0; column < 6; ++column) {
      const auto share = [&](const Condition& condition) {
        return static_cast<double>(std::count(condition.holds.begin(), condition.holds.end(), 1)) / kRows;
      };
      EXPECT_NEAR(share(draw_condition(table, column, true, draws)), 0.5, column < 4 ? 0.01 : 0.05);
      const double any = share(draw_condition(table, column, false, draws));
      EXPECT_GT(any, 0.05);
      EXPECT_LT(any, 0.97);
    }
    const Rule rule = draw_rule(table, 4, draws);
    EXPECT_EQ(rule.columns.size(), 4u);
  }
}

TEST(EffectLabels, EveryKindMakesClassesAndSomeAreRare) {
  const EffectTable table = plain_table();
  for (const Named<EffectLabels>& kind : names_of(EffectLabels{})) {
    double rare = 0, least = 1;
    size_t whole = 0;
    constexpr uint64_t kDraws = 120;
    for (uint64_t seed = 0; seed < kDraws; ++seed) {
      std::vector<int32_t> labels;
      ASSERT_TRUE(make_effect_labels(kind.value, table, 3, Rng(seed), labels, nullptr)) << kind.name;
      std::vector<double> shares(3, 0);
      for (const int32_t label : labels) shares.at(static_cast<size_t>(label)) += 1.0 / kRows;
      const double smallest = *std::min_element(shares.begin(), shares.end());
      whole += smallest > 0 ? 1 : 0;
      rare += smallest > 0 && smallest < 0.05 ? 1 : 0;
      if (smallest > 0) least = std::min(least, smallest);
    }
    EXPECT_GT(whole, kDraws / 2) << kind.name;
    if (kind.value == EffectLabels::kCuts || kind.value == EffectLabels::kSoftmax) {
      EXPECT_GT(rare / kDraws, 0.08) << kind.name;
      EXPECT_LT(least, 0.03) << kind.name;
    }
  }
}

TEST(EffectLabels, CutsHaveTheSharesTheyDraw) {
  // Without noise and rare classes, cuts of a number into two even intervals halve the rows.
  const EffectTable table = plain_table();
  size_t halves = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<int32_t> labels;
    Notes notes;
    if (!make_effect_labels(EffectLabels::kCuts, table, 2, Rng(seed), labels, &notes)) continue;
    const size_t upper = static_cast<size_t>(std::count(labels.begin(), labels.end(), 1));
    halves += upper == kRows / 2 ? 1 : 0;
    const size_t rare = notes.label_rule.find("one of ");
    if (rare == std::string::npos || notes.label_rule.find("no noise") != std::string::npos) continue;
    const double share = std::stod(notes.label_rule.substr(rare + 7)) / 100;
    EXPECT_NEAR(std::min(upper, kRows - upper), share * kRows, 0.001 * kRows) << notes.label_rule;
  }
  EXPECT_GT(halves, 30u);
}

}  // namespace
}  // namespace manyshot::prior
