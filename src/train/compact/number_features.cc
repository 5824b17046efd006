#include "train/compact/number_features.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace manyshot {
namespace {

constexpr size_t kFrequencies = (kNumberFeatures - 2) / 2;
constexpr double kLowest = 0.04, kHighest = 4.0;  // cycles a standard deviation

// Codes of one standard deviation, in a vocabulary of 1,000.
double codes_per_deviation(size_t num_codes) { return 0.12 * static_cast<double>(num_codes); }

}  // namespace

std::vector<float> number_features(size_t num_codes) {
  std::vector<double> features(num_codes * kNumberFeatures);
  for (size_t code = 0; code < num_codes; ++code) {
    const double z =
        (static_cast<double>(code) - 0.5 * static_cast<double>(num_codes)) / codes_per_deviation(num_codes);
    double* row = features.data() + code * kNumberFeatures;
    row[0] = z / 2;
    row[1] = std::erf(z / std::numbers::sqrt2);
    for (size_t i = 0; i < kFrequencies; ++i) {
      const double share = static_cast<double>(i) / (kFrequencies - 1);
      const double frequency = kLowest * std::pow(kHighest / kLowest, share);
      const double angle = 2 * std::numbers::pi * frequency * z, amplitude = 1 / std::sqrt(frequency);
      row[2 + 2 * i] = amplitude * std::sin(angle);
      row[3 + 2 * i] = amplitude * std::cos(angle);
    }
  }
  for (size_t i = 0; i < kNumberFeatures; ++i) {
    double mean = 0;
    for (size_t code = 0; code < num_codes; ++code) mean += features[code * kNumberFeatures + i];
    mean /= static_cast<double>(num_codes);
    for (size_t code = 0; code < num_codes; ++code) features[code * kNumberFeatures + i] -= mean;
  }
  double norms = 0;
  for (size_t code = 0; code < num_codes; ++code) {
    double squares = 0;
    for (size_t i = 0; i < kNumberFeatures; ++i) squares += std::pow(features[code * kNumberFeatures + i], 2);
    norms += std::sqrt(squares);
  }
  const double scale = static_cast<double>(num_codes) / norms;
  std::vector<float> scaled(features.size());
  std::transform(features.begin(), features.end(), scaled.begin(),
                 [&](double value) { return static_cast<float>(value * scale); });
  return scaled;
}

void embed_numbers(const std::vector<float>& features, const float* weight, size_t width, size_t first_code,
                   size_t count, float* table) {
  for (size_t code = first_code; code < first_code + count; ++code) {
    float* row = table + code * width;
    std::fill_n(row, width, 0.0f);
    for (size_t i = 0; i < kNumberFeatures; ++i) {
      const float feature = features[code * kNumberFeatures + i];
      for (size_t column = 0; column < width; ++column) row[column] += feature * weight[i * width + column];
    }
  }
}

void number_weight_gradient(const std::vector<float>& features, const float* dtable, size_t num_codes, size_t width,
                            size_t first, size_t count, float* dweight) {
  for (size_t i = first; i < first + count; ++i) {
    float* row = dweight + i * width;
    for (size_t code = 0; code < num_codes; ++code) {
      const float feature = features[code * kNumberFeatures + i];
      for (size_t column = 0; column < width; ++column) row[column] += feature * dtable[code * width + column];
    }
  }
}

}  // namespace manyshot
