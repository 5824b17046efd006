#include "model/language/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace manyshot {
namespace {

constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;

// theta^(2i / head_dim)
std::vector<float> wavelengths_over_two_pi(const LanguageModelConfig& config) {
  const int half = config.head_dim / 2;
  std::vector<float> powers;
  for (int i = 0; i < half; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    powers.push_back(static_cast<float>(std::pow(config.rope_theta, static_cast<double>(exponent))));
  }
  return powers;
}

// Low frequencies are divided by `factor`, high ones stay, those between are interpolated.
float llama3_frequency(float frequency, const RopeScaling& scaling) {
  const auto factor = static_cast<float>(scaling.factor), low = static_cast<float>(scaling.low_freq_factor),
             high = static_cast<float>(scaling.high_freq_factor),
             context = static_cast<float>(scaling.original_max_position_embeddings);
  const float wavelength = kTwoPi / frequency;
  if (wavelength < context / high) return frequency;
  if (wavelength > context / low) return frequency / factor;
  const float smooth = (context / wavelength - low) / (high - low);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

// The dimension pairs between which YaRN goes over from unscaled to scaled frequencies.
struct YarnRange {
  double low, high;
};

YarnRange yarn_range(const LanguageModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  const double dim = config.head_dim;
  const auto dimension_of = [&](double rotations) {
    return dim * std::log(scaling.original_max_position_embeddings / (rotations * 2 * std::numbers::pi)) /
           (2 * std::log(config.rope_theta));
  };
  YarnRange range{std::max(std::floor(dimension_of(scaling.beta_fast)), 0.0),
                  std::min(std::ceil(dimension_of(scaling.beta_slow)), dim - 1)};
  if (range.low == range.high) range.high += 0.001;
  return range;
}

float yarn_frequency(float power, size_t i, const YarnRange& range, const RopeScaling& scaling) {
  const float ramp =
      (static_cast<float>(i) - static_cast<float>(range.low)) / static_cast<float>(range.high - range.low);
  const float kept = 1 - std::clamp(ramp, 0.0f, 1.0f);
  return 1 / (static_cast<float>(scaling.factor) * power) * (1 - kept) + 1 / power * kept;
}

double yarn_attention_factor(const RopeScaling& scaling) {
  if (scaling.attention_factor) return *scaling.attention_factor;
  return scaling.factor <= 1 ? 1 : 0.1 * std::log(scaling.factor) + 1;
}

}  // namespace

Rope::Rope(const LanguageModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  const std::vector<float> powers = wavelengths_over_two_pi(config);
  for (float power : powers) frequencies_.push_back(1 / power);
  switch (scaling.type) {
    case RopeScaling::Type::kNone:
      break;
    case RopeScaling::Type::kLinear:
      for (float& frequency : frequencies_) frequency /= static_cast<float>(scaling.factor);
      break;
    case RopeScaling::Type::kLlama3:
      for (float& frequency : frequencies_) frequency = llama3_frequency(frequency, scaling);
      break;
    case RopeScaling::Type::kYarn: {
      const YarnRange range = yarn_range(config);
      for (size_t i = 0; i < powers.size(); ++i) frequencies_[i] = yarn_frequency(powers[i], i, range, scaling);
      attention_factor_ = static_cast<float>(yarn_attention_factor(scaling));
      break;
    }
    case RopeScaling::Type::kFactors:
      for (size_t i = 0; i < frequencies_.size(); ++i) frequencies_[i] /= scaling.frequency_factors[i];
      break;
  }
}

}  // namespace manyshot
