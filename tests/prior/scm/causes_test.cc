#include "prior/scm/causes.h"

#include <array>

#include "prior/scm/hyper_parameters.h"
#include "prior/testing.h"

namespace manyshot::prior {
namespace {

TEST(Causes, ClampedZipf) {
  const std::vector<double> shares = clamped_zipf_shares(2);
  const double zeta2 = std::acos(-1.0) * std::acos(-1.0) / 6;
  EXPECT_NEAR(shares[0], 1 / zeta2, 1e-6);
  EXPECT_NEAR(shares[8], 1 / zeta2 / 81, 1e-6);
  double sum = 0;
  for (const double share : shares) sum += share;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(clamped_zipf_shares(4)[0], 90 / std::pow(std::acos(-1.0), 4), 1e-6);
}

// docs/prior.md, the table of hyper-parameters; quantiles from 200,000 draws of the published prior's formulas.
class HyperParameters : public ::testing::Test {
 protected:
  static const std::vector<ScmHyperParameters>& drawn() {
    static const std::vector<ScmHyperParameters> all = [] {
      std::vector<ScmHyperParameters> hypers;
      for (uint64_t i = 0; i < 40'000; ++i) hypers.push_back(draw_hyper_parameters(Rng(5).child("test", i)));
      return hypers;
    }();
    return all;
  }
  template <class Get>
  static std::vector<double> values(const Get& get) {
    std::vector<double> result;
    for (const ScmHyperParameters& hyper : drawn()) result.push_back(static_cast<double>(get(hyper)));
    return result;
  }
  template <class Test>
  static void share(const Test& test, double expected, const std::string& what) {
    const auto count = std::count_if(drawn().begin(), drawn().end(), test);
    expect_share(static_cast<double>(count), static_cast<double>(drawn().size()), expected, what);
  }
  using H = const ScmHyperParameters&;
};

TEST_F(HyperParameters, Quantiles) {
  expect_quantiles(values([](H h) { return h.num_causes; }), {2, 3, 4, 7, 12}, 0, "num_causes");
  expect_quantiles(values([](H h) { return h.num_layers; }), {3, 4, 4, 6, 8}, 0, "num_layers");
  expect_quantiles(values([](H h) { return h.hidden_dim; }), {9, 15, 29, 61, 119}, 0.01, "hidden_dim");
  expect_quantiles(values([](H h) { return h.init_std; }), {0.0135, 0.055, 0.305, 1.73, 7.2}, 0.03, "init_std");
  expect_quantiles(values([](H h) { return h.noise_std; }), {1.4e-4, 7e-4, 0.0053, 0.039, 0.20}, 0.08, "noise_std");
  expect_quantiles(values([](H h) { return h.dropout; }), {0.017, 0.234, 0.450, 0.665, 0.882}, 0.02,
                   "mlp_dropout_prob");
}

TEST_F(HyperParameters, Shares) {
  const double layers[] = {0.013, 0.232, 0.275, 0.180, 0.129, 0.097, 0.048};
  for (int count = 2; count <= 8; ++count) {
    share([&](H h) { return h.num_layers == count; }, layers[count - 2], "num_layers " + std::to_string(count));
  }
  share([](H h) { return h.sampling == CauseSampling::kNormal; }, 0.27, "normal");
  share([](H h) { return h.sampling == CauseSampling::kMixed; }, 0.365, "mixed");
  share([](H h) { return h.sampling == CauseSampling::kUniform; }, 0.365, "uniform");
  share([](H h) { return h.labels_by_rank; }, 0.5, "labels_by_rank");
  share([](H h) { return h.block_wise_dropout; }, 0.5, "block_wise_dropout");
  share([](H h) { return h.is_causal; }, 0.5, "is_causal");
  share([](H h) { return h.y_is_effect; }, 0.5, "y_is_effect");
  share([](H h) { return h.in_clique; }, 0.5, "in_clique");
  share([](H h) { return h.sort_features; }, 0.5, "sort_features");
  share([](H h) { return h.pre_sample_cause_stats; }, 0.5, "pre_sample_cause_stats");
  share([](H h) { return h.pre_sample_noise_std; }, 0.5, "pre_sample_noise_std");
}

TEST_F(HyperParameters, ActivationWeights) {
  double largest = 0, effective = 0;
  for (H hyper : drawn()) {
    ASSERT_EQ(hyper.activation_weights.size(), 56u);
    double total = 0, squares = 0, most = 0;
    for (const double weight : hyper.activation_weights) {
      total += weight;
      squares += weight * weight;
      most = std::max(most, weight);
    }
    largest += most / total;
    effective += total * total / squares;
  }
  EXPECT_NEAR(largest / static_cast<double>(drawn().size()), 0.18, 0.006);
  EXPECT_NEAR(effective / static_cast<double>(drawn().size()), 10, 0.7);
}

TEST(Causes, SharesOfTheMixedSampler) {
  ScmHyperParameters hyper;
  hyper.sampling = CauseSampling::kMixed;
  std::array<double, 4> counts{};  // normal, multinomial, Zipf, uniform
  constexpr size_t kTables = 4000, kCauses = 5;
  NodeMatrix causes;
  for (uint64_t table = 0; table < kTables; ++table) {
    Notes notes;
    sample_causes(hyper, kCauses, 32, Rng(9).child("table", table), causes, &notes);
    for (const Json& node : notes.nodes) {
      const std::string law = node["equation"];
      ++counts[law.find("N(") != std::string::npos           ? 0
               : law.find("categories") != std::string::npos ? 1
               : law.find("Zipf") != std::string::npos       ? 2
                                                             : 3];
    }
  }
  const double expected[] = {0.668, 0.222, 0.073, 0.037};
  // Causes of one table share their thresholds, so the error is that of the tables.
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(counts[i] / (kTables * kCauses), expected[i], 0.013) << i;
}

TEST(Causes, ColumnsHaveTheirLaws) {
  NodeMatrix causes;
  constexpr size_t kRows = 20'000;
  ScmHyperParameters hyper;
  sample_causes(hyper, 2, kRows, Rng(1), causes, nullptr);
  std::vector<double> z(causes.node(1), causes.node(1) + kRows);
  expect_quantiles(z, {-1.6449, -0.6745, 0, 0.6745, 1.6449}, 0.0, "normal cause");
  hyper.sampling = CauseSampling::kUniform;
  sample_causes(hyper, 2, kRows, Rng(2), causes, nullptr);
  expect_quantiles({causes.node(1), causes.node(1) + kRows}, {0.05, 0.25, 0.5, 0.75, 0.95}, 0, "uniform cause");
  // With pre-drawn moments: m ~ N(0,1), s = |N(0,1) m|.
  hyper.sampling = CauseSampling::kNormal;
  hyper.pre_sample_cause_stats = true;
  std::vector<double> means, ratios;
  for (uint64_t table = 0; table < 3000; ++table) {
    sample_causes(hyper, 1, 256, Rng(3).child("t", table), causes, nullptr);
    double sum = 0, squares = 0;
    for (size_t row = 0; row < 256; ++row) sum += causes.node(0)[row];
    for (size_t row = 0; row < 256; ++row) squares += std::pow(causes.node(0)[row] - sum / 256, 2);
    means.push_back(sum / 256);
    ratios.push_back(std::sqrt(squares / 255));
  }
  expect_quantiles(means, {-1.6449, -0.6745, 0, 0.6745, 1.6449}, 0.02, "mean of a cause");
  // |product of two standard normals| has median 0.3706 (numerical integration of K0).
  std::sort(ratios.begin(), ratios.end());
  EXPECT_NEAR(ratios[1500], 0.3706, 0.03);
}

}  // namespace
}  // namespace manyshot::prior
