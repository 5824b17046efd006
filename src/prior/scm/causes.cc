#include "prior/scm/causes.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"

namespace manyshot::prior {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// x[i] = the index of the share that uniform x[i] falls in, plus `first`.
void to_categories(const std::vector<double>& shares, int first, float* x, size_t num_rows) {
  std::vector<float> bounds;
  double total = 0, reached = 0;
  for (const double share : shares) total += share;
  for (size_t i = 0; i + 1 < shares.size(); ++i) {
    reached += shares[i] / total;
    bounds.push_back(static_cast<float>(reached));
  }
  for (size_t row = 0; row < num_rows; ++row) {
    int category = first;
    for (const float bound : bounds) category += x[row] >= bound ? 1 : 0;
    x[row] = static_cast<float>(category);
  }
}

}  // namespace

std::vector<double> clamped_zipf_shares(double exponent) {
  // zeta(s) by Euler and Maclaurin behind 20 terms.
  constexpr int kTerms = 20;
  double zeta = 0;
  for (int k = 1; k < kTerms; ++k) zeta += std::pow(k, -exponent);
  zeta += std::pow(kTerms, 1 - exponent) / (exponent - 1) + 0.5 * std::pow(kTerms, -exponent) +
          exponent / 12 * std::pow(kTerms, -exponent - 1);
  std::vector<double> shares(10);
  double rest = 1;
  for (int k = 1; k < 10; ++k) {
    shares[k - 1] = std::pow(k, -exponent) / zeta;
    rest -= shares[k - 1];
  }
  shares[9] = std::max(rest, 0.0);
  return shares;
}

void sample_causes(const ScmHyperParameters& hyper, size_t num_causes, size_t num_rows, const Rng& rng,
                   NodeMatrix& causes, Notes* notes) {
  causes.reshape(num_causes, num_rows);
  const BulkRandom bulk(rng.child("values"));
  Draws table(rng.child("thresholds"));
  std::array<double, 3> thresholds{};
  if (hyper.sampling == CauseSampling::kMixed) {
    for (double& threshold : thresholds) threshold = 0.66 * table.uniform();
  }
  for (size_t cause = 0; cause < num_causes; ++cause) {
    Draws draws(rng.child("cause", cause));
    const auto stream = static_cast<uint32_t>(cause);
    float* x = causes.node(cause);
    double mean = 0, deviation = 1;
    if (hyper.pre_sample_cause_stats) {
      mean = draws.normal();
      deviation = std::abs(draws.normal() * mean);
    }
    std::string law;
    const auto normal = [&] {
      bulk.normal(stream, static_cast<float>(mean), static_cast<float>(deviation), x, num_rows);
      law = fmt::format("N({}, {})", short_number(mean), short_number(deviation));
    };
    const auto uniform = [&] {
      bulk.uniform(stream, 0, 1, x, num_rows);
      law = "U(0, 1)";
    };
    const auto centre = [&](bool scaled) {
      const Moments moments = column_moments(x, num_rows);
      const float factor = scaled ? 1 / (moments.deviation + 1e-6f) : 1.0f;
      clamp_and_scale(x, num_rows, -kInfinity, kInfinity, moments.mean, factor, kInfinity, x);
    };
    if (hyper.sampling == CauseSampling::kNormal) {
      normal();
    } else if (hyper.sampling == CauseSampling::kUniform) {
      uniform();
    } else if (draws.uniform() > thresholds[0]) {
      normal();
    } else if (draws.uniform() > thresholds[1]) {
      std::vector<double> shares(static_cast<size_t>(draws.between(2, 20)));
      for (double& share : shares) share = draws.uniform();
      uniform();
      to_categories(shares, 0, x, num_rows);
      centre(/*scaled=*/true);
      law = fmt::format("one of {} categories, standardised", shares.size());
    } else if (draws.uniform() > thresholds[2]) {
      const double exponent = 2 + 2 * draws.uniform();
      uniform();
      to_categories(clamped_zipf_shares(exponent), 1, x, num_rows);
      centre(/*scaled=*/false);
      law = fmt::format("Zipf({}), at most 10, centred", short_number(exponent));
    } else {
      uniform();
    }
    if (notes != nullptr) notes->add_node(fmt::format("c{}", cause), "cause", fmt::format("c{} ~ {}", cause, law));
  }
}

}  // namespace manyshot::prior
