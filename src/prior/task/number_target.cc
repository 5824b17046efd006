#include "prior/task/number_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"

namespace manyshot::prior {
namespace {

constexpr double kNoiseWeights[kNumNoiseKinds] = {0.2, 0.4, 0.15, 0.125, 0.125};
constexpr double kShapeWeights[kNumTargetShapes] = {0.5, 0.125, 0.125, 0.1, 0.1, 0.05};
constexpr double kMostFrequent = 0.95;  // share of the rows that one value may have
constexpr float kReach = 4;             // deviations of a score, as of a column
constexpr float kLimit = 100;           // of a standardised value

// False when the values are not finite, or all the same but for rounding.
bool standardise_score(std::vector<float>& values) {
  const Moments all = column_moments(values.data(), values.size());
  const float reach = kReach * all.deviation;
  const Moments inner = moments_within(values.data(), values.size(), all.mean - reach, all.mean + reach);
  if (!std::isfinite(inner.deviation) || !(inner.deviation > 1e-6f * std::abs(inner.mean))) return false;
  const float low = inner.mean - kReach * inner.deviation, high = inner.mean + kReach * inner.deviation;
  for (float& value : values) value = std::clamp(value, low, high);
  const Moments last = column_moments(values.data(), values.size());
  if (!(last.deviation > 1e-30f)) return false;
  for (float& value : values) value = (value - last.mean) / last.deviation;
  return true;
}

// Factors exp(slope z) by row, z being `of` standardised and clamped, of mean square 1.
std::vector<float> spread_by(const float* of, size_t num_rows, double slope) {
  std::vector<float> known;
  std::copy_if(of, of + num_rows, std::back_inserter(known), [](float v) { return v == v; });
  std::vector<float> factors(num_rows, 1.0f);
  if (known.size() < 2) return factors;
  const Moments moments = column_moments(known.data(), known.size());
  if (!std::isfinite(moments.deviation)) return factors;
  double squares = 0;
  for (size_t row = 0; row < num_rows; ++row) {
    const float z = of[row] == of[row] ? (of[row] - moments.mean) / (moments.deviation + 1e-12f) : 0.0f;
    factors[row] = std::exp(static_cast<float>(slope) * std::clamp(z, -3.0f, 3.0f));
    squares += static_cast<double>(factors[row]) * factors[row];
  }
  const auto length = static_cast<float>(std::sqrt(static_cast<double>(num_rows) / squares));
  for (float& factor : factors) factor *= length;
  return factors;
}

// Draws of Student's t, of variance 1.
void student_values(int degrees, const BulkRandom& bulk, std::vector<float>& values) {
  std::vector<float> squares(values.size(), 0.0f), z(values.size());
  for (int i = 1; i <= degrees; ++i) {
    bulk.normal(static_cast<uint32_t>(i), 0, 1, z.data(), z.size());
    for (size_t row = 0; row < z.size(); ++row) squares[row] += z[row] * z[row];
  }
  bulk.normal(0, 0, 1, values.data(), values.size());
  for (size_t row = 0; row < z.size(); ++row)
    values[row] *= std::sqrt(static_cast<float>(degrees - 2) / (squares[row] + 1e-6f));
}

double share_of_most_frequent(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  size_t most = 0;
  for (size_t begin = 0, row = 0; row < values.size(); ++row) {
    if (values[row] != values[begin]) begin = row;
    most = std::max(most, row - begin + 1);
  }
  return static_cast<double>(most) / static_cast<double>(values.size());
}

// Zero below a place in the ranks, or in rows at random.
std::string inflate_zeros(Draws& draws, const BulkRandom& bulk, std::vector<float>& values) {
  const double zeros = draws.uniform(0.1, 0.7);
  if (draws.chance(0.5)) {
    std::vector<float> sorted = values;
    const auto place = static_cast<ptrdiff_t>(zeros * static_cast<double>(values.size()));
    std::nth_element(sorted.begin(), sorted.begin() + place, sorted.end());
    const float floor = sorted[static_cast<size_t>(place)];
    for (float& value : values) value = std::max(value - floor, 0.0f);
    return fmt::format("0 up to rank {:.2f}, else what lies above", zeros);
  }
  const auto scale = static_cast<float>(draws.log_uniform(0.3, 1));
  std::vector<float> u(values.size());
  bulk.uniform(0, 0, 1, u.data(), u.size());
  for (size_t row = 0; row < u.size(); ++row)
    values[row] = u[row] < static_cast<float>(zeros) ? 0.0f : std::exp(scale * values[row]);
  return fmt::format("0 with probability {:.2f}, else exp({} score)", zeros, short_number(scale));
}

}  // namespace

NoiseLaw draw_noise_law(Draws& draws) {
  NoiseLaw law;
  law.kind = static_cast<NoiseKind>(draws.weighted(kNoiseWeights));
  if (law.kind == NoiseKind::kNone) return law;
  law.deviation = draws.log_uniform(0.03, 1.5);
  if (law.kind == NoiseKind::kStudentT) law.degrees = static_cast<int>(draws.between(3, 8));
  if (law.kind == NoiseKind::kByScore || law.kind == NoiseKind::kByColumn)
    law.slope = draws.log_uniform(0.2, 1.2) * (draws.chance(0.5) ? 1 : -1);
  return law;
}

std::string add_noise(const NoiseLaw& law, const NodeMatrix& columns, const Rng& rng, std::vector<float>& score) {
  if (law.kind == NoiseKind::kNone) return "no noise";
  const size_t num_rows = score.size();
  const auto deviation = static_cast<float>(law.deviation);
  const BulkRandom bulk(rng.child("noise"));
  std::vector<float> noise(num_rows);
  if (law.kind == NoiseKind::kStudentT) {
    student_values(law.degrees, bulk, noise);
    add_scaled(noise.data(), num_rows, deviation, score.data());
    return fmt::format("noise {} t with {} degrees of freedom", short_number(law.deviation), law.degrees);
  }
  bulk.normal(0, 0, 1, noise.data(), num_rows);
  std::string text = fmt::format("noise N(0, {})", short_number(law.deviation));
  if (law.kind != NoiseKind::kNormal) {
    const bool by_score = law.kind == NoiseKind::kByScore;
    const size_t column = by_score ? 0 : rng.child("noise column").below(0, columns.num_nodes());
    const std::vector<float> factors = spread_by(by_score ? score.data() : columns.node(column), num_rows, law.slope);
    for (size_t row = 0; row < num_rows; ++row) noise[row] *= factors[row];
    text += fmt::format(" times exp({} {})", short_number(law.slope),
                        by_score ? std::string("score") : fmt::format("#{}#", column));
  }
  add_scaled(noise.data(), num_rows, deviation, score.data());
  return text;
}

TargetShape draw_target_shape(Draws& draws) { return static_cast<TargetShape>(draws.weighted(kShapeWeights)); }

std::string apply_shape(TargetShape shape, const Rng& rng, std::vector<float>& values) {
  Draws draws(rng.child("shape"));
  const BulkRandom bulk(rng.child("shape values"));
  switch (shape) {
    case TargetShape::kAsItIs:
      return "as it is";
    case TargetShape::kExp: {
      const auto scale = static_cast<float>(draws.log_uniform(0.3, 1.2));
      for (float& value : values) value = std::exp(scale * value);
      return fmt::format("exp({} score)", short_number(scale));
    }
    case TargetShape::kPower: {
      const auto exponent = static_cast<float>(draws.log_uniform(0.3, 4));
      const float least = column_extremes(values.data(), values.size()).low;
      for (float& value : values) value = std::pow(value - least, exponent);
      return fmt::format("(score - smallest)^{}", short_number(exponent));
    }
    case TargetShape::kZeroInflated:
      return inflate_zeros(draws, bulk, values);
    case TargetShape::kRounded: {
      const auto step = static_cast<float>(draws.log_uniform(0.1, 1));
      for (float& value : values) value = std::nearbyint(value / step) * step;
      return fmt::format("rounded to steps of {}", short_number(step));
    }
    case TargetShape::kCounts:
      break;
  }
  const auto rate = static_cast<float>(draws.log_uniform(1, 50)), scale = static_cast<float>(draws.uniform(0.3, 1));
  std::vector<float> u(values.size());
  bulk.uniform(0, 0, 1, u.data(), u.size());
  for (size_t row = 0; row < u.size(); ++row) values[row] = std::floor(rate * std::exp(scale * values[row]) + u[row]);
  return fmt::format("whole numbers, {} exp({} score)", short_number(rate), short_number(scale));
}

std::optional<Rejection> make_number_target(std::vector<float>& score, const NodeMatrix& columns, const Rng& rng,
                                            Task& task, Notes* notes) {
  const Moments raw = column_moments(score.data(), score.size());
  if (!std::isfinite(raw.mean) || !std::isfinite(raw.deviation)) return Rejection::kNotFinite;
  if (!standardise_score(score)) return Rejection::kConstantTarget;
  Draws draws(rng);
  const std::string noise = add_noise(draw_noise_law(draws), columns, rng, score);
  const TargetShape shape = draw_target_shape(draws);
  const std::string words = apply_shape(shape, rng, score);
  if (share_of_most_frequent(score) > kMostFrequent) return Rejection::kConstantTarget;
  const Moments moments = column_moments(score.data(), score.size());
  if (!std::isfinite(moments.deviation)) return Rejection::kNotFinite;
  if (!(moments.deviation > 1e-6f * std::abs(moments.mean))) return Rejection::kConstantTarget;
  for (float& value : score) value = std::clamp((value - moments.mean) / moments.deviation, -kLimit, kLimit);
  task.num_classes = 0;
  task.labels.clear();
  task.target_values = score;
  task.target_info = {.kind = shape == TargetShape::kCounts ? ColumnKind::kInteger : ColumnKind::kNumeric,
                      .offset = moments.mean,
                      .scale = moments.deviation};
  if (notes != nullptr) {
    notes->label_rule += fmt::format("{}standardised, {}, {}", notes->label_rule.empty() ? "" : "; ", noise, words);
    notes->details["shape"] = name_of(shape);
  }
  return std::nullopt;
}

}  // namespace manyshot::prior
