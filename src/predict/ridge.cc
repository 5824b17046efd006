#include "predict/ridge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "core/cholesky.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "predict/encoded_predictor.h"

namespace manyshot {
namespace {

constexpr double kFarthest = 5;       // deviations from the mean
constexpr size_t kMostFlags = 30;     // of a nominal feature
constexpr uint32_t kLeastOfFlag = 2;  // labelled rows that a category needs for a flag

constexpr double kPenalties[] = {0.1, 0.3, 1, 3, 10, 30, 100, 300, 1'000, 3'000, 10'000};

// The fit by one penalty, and the labelled rows as the others predict them.
struct Fit {
  std::vector<double> coefficients;  // [P]
  std::vector<double> residuals;     // [tried rows] leave-one-out
};

// Rows X [N, P] with columns of mean 0, and centred numbers y [N].
class RidgeProblem {
 public:
  RidgeProblem(std::vector<double> x, std::vector<double> y, size_t num_inputs, std::vector<uint64_t> tried)
      : x_(std::move(x)),
        y_(std::move(y)),
        num_rows_(y_.size()),
        num_inputs_(num_inputs),
        by_rows_(num_rows_ <= num_inputs_),
        tried_(std::move(tried)) {
    // Inner products of rows where they are the fewer, else of columns.
    const size_t n = by_rows_ ? num_rows_ : num_inputs_;
    if (!by_rows_) {
      columns_.resize(x_.size());
      for (size_t row = 0; row < num_rows_; ++row) {
        for (size_t input = 0; input < num_inputs_; ++input) columns_[input * num_rows_ + row] = at(row)[input];
      }
    }
    const double* vectors = by_rows_ ? x_.data() : columns_.data();
    const size_t length = by_rows_ ? num_inputs_ : num_rows_;
    products_.resize(n * n);
    parallel_for(n, [&](size_t a, int) {
      check_interrupted();
      for (size_t b = 0; b <= a; ++b)
        products_[a * n + b] = inner_product(vectors + a * length, vectors + b * length, length);
    });
  }

  Fit solve(double penalty) const { return by_rows_ ? solve_by_rows(penalty) : solve_by_columns(penalty); }

 private:
  const double* at(size_t row) const { return x_.data() + row * num_inputs_; }

  Cholesky factor(double penalty) const {
    const size_t n = by_rows_ ? num_rows_ : num_inputs_;
    std::vector<double> matrix = products_;
    for (size_t i = 0; i < n; ++i) matrix[i * n + i] += penalty;
    return {std::move(matrix), n};
  }

  // (K + penalty I) a = y; w = X^T a. The residuals of the fit are penalty * a, and 1 - h_i is penalty times the
  // diagonal of the inverse, less 1/N for the mean that is fitted too.
  Fit solve_by_rows(double penalty) const {
    const Cholesky cholesky = factor(penalty);
    std::vector<double> a = y_;
    cholesky.solve(a.data());
    Fit fit{.coefficients = std::vector<double>(num_inputs_)};
    for (size_t row = 0; row < num_rows_; ++row) {
      for (size_t input = 0; input < num_inputs_; ++input) fit.coefficients[input] += a[row] * at(row)[input];
    }
    fit.residuals.resize(tried_.size());
    parallel_for(tried_.size(), [&](size_t i, int) {
      const uint64_t row = tried_[i];
      std::vector<double> unit(num_rows_);
      unit[row] = 1;
      cholesky.solve_lower(unit.data(), row);
      const double inverse = inner_product(unit.data() + row, unit.data() + row, num_rows_ - row);
      fit.residuals[i] = left_out(penalty * a[row], penalty * inverse);
    });
    return fit;
  }

  // (X^T X + penalty I) w = X^T y; h_i = |L^-1 x_i|^2.
  Fit solve_by_columns(double penalty) const {
    const Cholesky cholesky = factor(penalty);
    Fit fit{.coefficients = std::vector<double>(num_inputs_)};
    for (size_t input = 0; input < num_inputs_; ++input)
      fit.coefficients[input] = inner_product(columns_.data() + input * num_rows_, y_.data(), num_rows_);
    cholesky.solve(fit.coefficients.data());
    fit.residuals.resize(tried_.size());
    parallel_for(tried_.size(), [&](size_t i, int) {
      const uint64_t row = tried_[i];
      std::vector<double> z(at(row), at(row) + num_inputs_);
      cholesky.solve_lower(z.data());
      const double residual = y_[row] - inner_product(at(row), fit.coefficients.data(), num_inputs_);
      fit.residuals[i] = left_out(residual, 1 - inner_product(z.data(), z.data(), num_inputs_));
    });
    return fit;
  }

  // `rest`: 1 - h_i of the inputs alone.
  double left_out(double residual, double rest) const {
    constexpr double kLeastRest = 1e-6;  // a row that decides its own prediction
    return residual / std::max(rest - 1 / static_cast<double>(num_rows_), kLeastRest);
  }

  std::vector<double> x_, y_;
  size_t num_rows_, num_inputs_;
  bool by_rows_;
  std::vector<uint64_t> tried_;
  std::vector<double> columns_;   // [P, N]
  std::vector<double> products_;  // [n, n] lower half
};

// The commonest categories of a nominal feature, the lower code first of equally common ones.
std::vector<double> common_categories(const FeatureMatrix& features, size_t feature) {
  std::map<double, uint32_t> counts;
  for (size_t row = 0; row < features.num_rows; ++row) {
    if (!std::isnan(features.at(row, feature))) ++counts[features.at(row, feature)];
  }
  std::vector<std::pair<double, uint32_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<double> categories;
  for (const auto& [category, count] : order) {
    if (categories.size() < kMostFlags && count >= kLeastOfFlag) categories.push_back(category);
  }
  return categories;
}

}  // namespace

RidgeRegressor::RidgeRegressor(const FeatureMatrix& features, std::span<const double> numbers) {
  for (size_t feature = 0; feature < features.num_features; ++feature) {
    if (features.is_nominal(feature))
      flags_.push_back({.feature = feature, .categories = common_categories(features, feature)});
  }
  const FeatureMatrix inputs = inputs_of(features);
  scales_ = FeatureScales::fit(inputs);
  std::vector<double> x = standardised(features);
  const size_t num_rows = features.num_rows, num_inputs = inputs.num_features;
  // Clipping moves the means a little.
  for (size_t input = 0; input < num_inputs; ++input) {
    double mean = 0;
    for (size_t row = 0; row < num_rows; ++row) mean += x[row * num_inputs + input] / static_cast<double>(num_rows);
    for (size_t row = 0; row < num_rows; ++row) x[row * num_inputs + input] -= mean;
    centres_.push_back(mean);
  }
  for (const double number : numbers) mean_ += number / static_cast<double>(num_rows);
  std::vector<double> y;
  for (const double number : numbers) y.push_back(number - mean_);

  const std::vector<uint64_t> tried = rows_for_residuals(num_rows);
  const RidgeProblem problem(std::move(x), std::move(y), num_inputs, tried);
  Fit best;
  double least = std::numeric_limits<double>::infinity();
  for (const double penalty : kPenalties) {
    check_interrupted();
    Fit fit = problem.solve(penalty);
    double error = 0;
    for (const double residual : fit.residuals) error += residual * residual;
    if (!best.coefficients.empty() && !(error < least)) continue;
    least = error;
    best = std::move(fit);
    penalty_ = penalty;
  }
  coefficients_ = std::move(best.coefficients);
  honest_means_.assign(num_rows, std::numeric_limits<double>::quiet_NaN());
  for (size_t i = 0; num_rows > 1 && i < tried.size(); ++i)
    honest_means_[tried[i]] = numbers[tried[i]] - best.residuals[i];
  spread_ = ResidualSpread(std::move(best.residuals));
}

FeatureMatrix RidgeRegressor::inputs_of(const FeatureMatrix& features) const {
  FeatureMatrix inputs{.num_rows = features.num_rows};
  for (size_t row = 0; row < features.num_rows; ++row) {
    for (size_t feature = 0; feature < features.num_features; ++feature) {
      if (!features.is_nominal(feature)) inputs.values.push_back(features.at(row, feature));
    }
    for (const Flags& flags : flags_) {
      const double mine = features.at(row, flags.feature);
      for (const double category : flags.categories) inputs.values.push_back(mine == category ? 1 : 0);
    }
  }
  inputs.num_features = inputs.values.size() / features.num_rows;
  return inputs;
}

std::vector<double> RidgeRegressor::standardised(const FeatureMatrix& features) const {
  std::vector<double> x = scales_.apply(inputs_of(features));
  for (double& value : x) value = std::clamp(value, -kFarthest, kFarthest);
  return x;
}

Distributions RidgeRegressor::predict(const FeatureMatrix& queries) const {
  if (queries.num_rows == 0) return {};
  const std::vector<double> x = standardised(queries);
  std::vector<double> means(queries.num_rows, mean_);
  for (size_t query = 0; query < queries.num_rows; ++query) {
    const double* mine = x.data() + query * coefficients_.size();
    for (size_t input = 0; input < coefficients_.size(); ++input)
      means[query] += coefficients_[input] * (mine[input] - centres_[input]);
  }
  return spread_.around(means);
}

std::unique_ptr<NumberPredictor> RidgeNumberMethod::fit(const NumberedTable& shots) const {
  return std::make_unique<EncodedNumberPredictor<RidgeRegressor>>(shots);
}

}  // namespace manyshot
