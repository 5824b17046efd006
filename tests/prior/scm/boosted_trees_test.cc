#include "prior/scm/boosted_trees.h"

#include <numeric>
#include <optional>

#include "prior/random/bulk_random.h"
#include "prior/random/draws.h"
#include "prior/testing.h"

namespace manyshot::prior {

using kernels::SimdLevel;

namespace {

// The definition, by trying every split of every feature: sums of squared gradients over (rows + lambda).
class Exact {
 public:
  Exact(const NodeMatrix& x, const BoostingOptions& options, const NodeMatrix& targets) : x_(x), options_(options) {
    const size_t n = x.num_rows(), k = targets.num_nodes();
    double base = 0;
    for (size_t output = 0; output < k; ++output)
      base += std::accumulate(targets.node(output), targets.node(output) + n, 0.0);
    fitted.assign(k, std::vector<double>(n, base / static_cast<double>(n * k)));
    for (int tree = 0; tree < options.num_trees; ++tree) {
      gradients_ = fitted;
      for (size_t output = 0; output < k; ++output) {
        for (size_t row = 0; row < n; ++row) gradients_[output][row] -= targets.node(output)[row];
      }
      std::vector<size_t> rows(n);
      std::iota(rows.begin(), rows.end(), 0);
      grow(rows, 0);
    }
  }
  std::vector<std::vector<double>> fitted;

 private:
  double score(const std::vector<size_t>& rows) const {
    double sum = 0;
    for (const auto& gradient : gradients_) {
      double total = 0;
      for (const size_t row : rows) total += gradient[row];
      sum += total * total;
    }
    return sum / (static_cast<double>(rows.size()) + options_.lambda);
  }
  void grow(const std::vector<size_t>& rows, int depth) {
    double best = 1e-6;
    std::optional<std::pair<size_t, float>> split;
    for (size_t feature = 0; depth < options_.max_depth && feature < x_.num_nodes(); ++feature) {
      for (const size_t edge : rows) {
        const auto [left, right] = divide(rows, feature, x_.node(feature)[edge]);
        if (left.empty()) continue;
        const double gain = score(left) + score(right) - score(rows);
        if (gain > best + 1e-9) best = gain, split = {feature, x_.node(feature)[edge]};
      }
    }
    if (split) {
      const auto [left, right] = divide(rows, split->first, split->second);
      grow(left, depth + 1);
      grow(right, depth + 1);
      return;
    }
    for (size_t output = 0; output < fitted.size(); ++output) {
      double total = 0;
      for (const size_t row : rows) total += gradients_[output][row];
      for (const size_t row : rows)
        fitted[output][row] -= options_.eta * total / (static_cast<double>(rows.size()) + options_.lambda);
    }
  }
  std::pair<std::vector<size_t>, std::vector<size_t>> divide(const std::vector<size_t>& rows, size_t feature,
                                                             float threshold) const {
    std::pair<std::vector<size_t>, std::vector<size_t>> sides;
    for (const size_t row : rows) (x_.node(feature)[row] < threshold ? sides.first : sides.second).push_back(row);
    return sides;
  }
  const NodeMatrix& x_;
  BoostingOptions options_;
  std::vector<std::vector<double>> gradients_;
};

TEST(BoostedTrees, TwoRowsByHand) {
  NodeMatrix x, y, fitted;
  x.reshape(1, 2);
  y.reshape(1, 2);
  x.node(0)[0] = 0, x.node(0)[1] = 1;
  y.node(0)[0] = -1, y.node(0)[1] = 3;
  BoostedTrees trees;
  trees.fit(x, {.max_depth = 2, .num_trees = 1}, y, fitted);
  // Base 1; gradients 2 and -2; leaves -0.3 * 2 / 2.
  EXPECT_FLOAT_EQ(fitted.node(0)[0], 0.7f);
  EXPECT_FLOAT_EQ(fitted.node(0)[1], 1.3f);
  ASSERT_EQ(trees.splits().size(), 1u);
  EXPECT_EQ(trees.splits()[0].threshold, 1);
}

TEST(BoostedTrees, EqualsTheDefinitionWhenBinsHoldOneValue) {
  BoostedTrees trees;
  for (const size_t outputs : {1, 3, 8, 9}) {
    for (const int depth : {2, 4}) {
      NodeMatrix x, y, fitted;
      fill(x, 4, 120, outputs);
      for (size_t row = 0; row < 120; ++row) x.node(2)[row] = std::round(x.node(2)[row]);  // ties, and -0
      fill(y, outputs, 120, 100 + outputs);
      const BoostingOptions options{.max_depth = depth, .num_trees = 3};
      const Exact exact(x, options, y);
      at_fused_levels([&](SimdLevel) {
        trees.fit(x, options, y, fitted);
        for (size_t output = 0; output < outputs; ++output) {
          for (size_t row = 0; row < 120; ++row)
            ASSERT_NEAR(fitted.node(output)[row], exact.fitted[output][row], 2e-5) << outputs << " " << depth;
        }
      });
    }
  }
}

TEST(BoostedTrees, RowsOfOneLeafGetTheSameBits) {
  NodeMatrix x, y, fitted;
  fill(x, 3, 2000, 1);
  fill(y, 5, 2000, 2);
  BoostedTrees trees;
  trees.fit(x, {.max_depth = 2, .num_trees = 1}, y, fitted);
  std::vector<float> values(fitted.node(0), fitted.node(0) + 2000);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(std::unique(values.begin(), values.end()) - values.begin(), 4);
}

TEST(BoostedTrees, MissingValuesCountAsZeroAndConstantColumnsAreNoSplit) {
  NodeMatrix x, with_zero, y, a, b;
  fill(x, 2, 300, 1);
  fill(with_zero, 2, 300, 1);
  fill(y, 2, 300, 2);
  for (size_t row = 0; row < 300; row += 7) x.node(0)[row] = NAN, with_zero.node(0)[row] = 0;
  for (size_t row = 0; row < 300; ++row) x.node(1)[row] = with_zero.node(1)[row] = 4;
  BoostedTrees trees;
  trees.fit(x, {}, y, a);
  for (const TreeSplit& split : trees.splits()) EXPECT_EQ(split.feature, 0u);
  trees.fit(with_zero, {}, y, b);
  EXPECT_TRUE(std::equal(a.node(1), a.node(1) + 300, b.node(1)));
}

}  // namespace
}  // namespace manyshot::prior
