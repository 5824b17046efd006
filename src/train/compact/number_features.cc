#include "train/compact/number_features.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace manyshot::train {
namespace {

constexpr size_t kFrequencies = (kNumberFeatures - 2) / 2;
constexpr double kLowest = 0.04, kHighest = 4.0;  // cycles a standard deviation

// Solves A X = B in place of B, for A [n, n] symmetric and positive definite and B [n, width], by Cholesky's A = L L^T.
// A's lower half becomes L.
void solve_positive_definite(size_t n, size_t width, std::vector<double>& a, std::vector<double>& b) {
  for (size_t j = 0; j < n; ++j) {
    for (size_t k = 0; k < j; ++k) {
      for (size_t i = j; i < n; ++i) a[i * n + j] -= a[i * n + k] * a[j * n + k];
    }
    const double pivot = std::sqrt(a[j * n + j]);
    for (size_t i = j; i < n; ++i) a[i * n + j] /= pivot;
  }
  const auto subtract = [&](size_t to, size_t from, double factor) {
    for (size_t column = 0; column < width; ++column) b[to * width + column] -= factor * b[from * width + column];
  };
  const auto divide = [&](size_t row, double by) {
    for (size_t column = 0; column < width; ++column) b[row * width + column] /= by;
  };
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) subtract(i, k, a[i * n + k]);
    divide(i, a[i * n + i]);
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) subtract(i, k, a[k * n + i]);
    divide(i, a[i * n + i]);
  }
}

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

std::vector<float> fit_number_weight(const std::vector<float>& features, const float* table, size_t width) {
  constexpr size_t n = kNumberFeatures;
  // The slowest waves are nearly straight lines: without this, rounding would make them large and opposite.
  constexpr double kRidge = 1e-7;
  const size_t num_codes = features.size() / n;
  std::vector<double> products(n * n), targets(n * width);
  for (size_t code = 0; code < num_codes; ++code) {
    const float* row = features.data() + code * n;
    for (size_t i = 0; i < n; ++i) {
      const double feature = row[i];
      for (size_t k = 0; k < n; ++k) products[i * n + k] += feature * static_cast<double>(row[k]);
      for (size_t column = 0; column < width; ++column) {
        targets[i * width + column] += feature * static_cast<double>(table[code * width + column]);
      }
    }
  }
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += products[i * n + i];
  for (size_t i = 0; i < n; ++i) products[i * n + i] += kRidge * trace;
  solve_positive_definite(n, width, products, targets);
  return {targets.begin(), targets.end()};
}

}  // namespace manyshot::train
