#include "predict/calibration.h"

#include <algorithm>
#include <cmath>

namespace manyshot {
namespace {

constexpr double kSharePenalty = 12;
constexpr double kMinScale = 0.02;  // labels that contradict the predictions make them flat, they never turn them round
constexpr int kMaxSteps = 50;

// Solves A x = b for a symmetric positive definite A [n, n] (Cholesky, in place); x replaces b.
void solve_positive_definite(std::vector<double>& a, std::vector<double>& b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

// softmax of scale * row + offsets in place; returns the log of the normaliser.
double softmax(double scale, const std::vector<double>& offsets, std::span<double> row) {
  double largest = -INFINITY, sum = 0;
  for (size_t k = 0; k < row.size(); ++k) {
    row[k] = std::isinf(row[k]) ? -INFINITY : scale * row[k] + offsets[k];
    largest = std::max(largest, row[k]);
  }
  for (double& value : row) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (double& value : row) value /= sum;
  return largest + std::log(sum);
}

// Objective, gradient and Hessian at (scale, offsets); parameter 0 is the scale, 1 + k the offset of class k.
struct Objective {
  double value = 0;
  std::vector<double> gradient, hessian;

  Objective(double scale, const std::vector<double>& offsets, std::span<const double> inputs,
            std::span<const int32_t> labels, const CalibrationPenalties& penalties) {
    const size_t num_classes = offsets.size(), n = num_classes + 1;
    gradient.assign(n, 0);
    hessian.assign(n * n, 0);
    value = penalties.scale * (scale - 1) * (scale - 1);
    gradient[0] = 2 * penalties.scale * (scale - 1);
    hessian[0] = 2 * penalties.scale;
    for (size_t k = 0; k < num_classes; ++k) {
      value += penalties.offset * offsets[k] * offsets[k];
      gradient[1 + k] = 2 * penalties.offset * offsets[k];
      hessian[(1 + k) * n + 1 + k] = 2 * penalties.offset;
    }
    std::vector<double> p(num_classes);
    for (size_t row = 0; row < labels.size(); ++row) {
      const auto x = inputs.subspan(row * num_classes, num_classes);
      const auto label = static_cast<size_t>(labels[row]);
      if (std::isnan(x[label])) continue;
      std::copy(x.begin(), x.end(), p.begin());
      const double log_normaliser = softmax(scale, offsets, p);
      value += log_normaliser - scale * x[label] - offsets[label];
      double mean = 0, mean_square = 0;
      for (size_t k = 0; k < num_classes; ++k) {
        if (p[k] == 0) continue;
        mean += p[k] * x[k];
        mean_square += p[k] * x[k] * x[k];
      }
      gradient[0] += mean - x[label];
      hessian[0] += mean_square - mean * mean;
      for (size_t k = 0; k < num_classes; ++k) {
        if (p[k] == 0) continue;
        gradient[1 + k] += p[k] - (k == label);
        const double cross = p[k] * (x[k] - mean);
        hessian[(1 + k) * n] += cross;
        hessian[1 + k] += cross;
        hessian[(1 + k) * n + 1 + k] += p[k];
        for (size_t j = 0; j < num_classes; ++j) hessian[(1 + k) * n + 1 + j] -= p[k] * p[j];
      }
    }
  }

  // Makes Newton's step leave the scale as it is.
  void freeze_scale() {
    const size_t n = gradient.size();
    gradient[0] = 0;
    for (size_t i = 1; i < n; ++i) hessian[i] = hessian[i * n] = 0;
  }
};

std::vector<double> newton_direction(const Objective& objective) {
  std::vector<double> hessian = objective.hessian, direction = objective.gradient;
  solve_positive_definite(hessian, direction);
  return direction;
}

std::vector<double> mix(std::span<const double> a, std::span<const double> b, double share) {
  std::vector<double> mixed(a.size());
  for (size_t i = 0; i < a.size(); ++i) mixed[i] = std::isinf(a[i]) ? -INFINITY : (1 - share) * a[i] + share * b[i];
  return mixed;
}

}  // namespace

double fit_share(std::span<const double> a, std::span<const double> b, std::span<const int32_t> labels,
                 size_t num_classes, double usual) {
  const std::vector<double> no_offsets(num_classes);
  const auto loss = [&](double share) {
    std::vector<double> mixed = mix(a, b, share);
    double sum = kSharePenalty * (share - usual) * (share - usual);
    for (size_t row = 0; row < labels.size(); ++row) {
      const auto x = std::span(mixed).subspan(row * num_classes, num_classes);
      const double of_label = x[static_cast<size_t>(labels[row])];
      sum += softmax(1, no_offsets, x) - of_label;
    }
    return sum;
  };
  constexpr double kGolden = 0.61803398874989485;
  double low = 0, high = 1;
  double left = high - kGolden, right = low + kGolden, left_loss = loss(left), right_loss = loss(right);
  while (high - low > 1e-3) {
    if (left_loss <= right_loss) {
      high = right;
      right = left;
      right_loss = left_loss;
      left_loss = loss(left = high - kGolden * (high - low));
    } else {
      low = left;
      left = right;
      left_loss = right_loss;
      right_loss = loss(right = low + kGolden * (high - low));
    }
  }
  return (low + high) / 2;
}

Calibration Calibration::fit(std::span<const double> log_probabilities, std::span<const int32_t> labels,
                             size_t num_classes, const CalibrationPenalties& penalties) {
  Calibration calibration(num_classes);
  if (labels.empty()) return calibration;
  Objective current(1, calibration.offsets_, log_probabilities, labels, penalties);
  for (int step = 0; step < kMaxSteps; ++step) {
    if (calibration.scale_ <= kMinScale && current.gradient[0] > 0) current.freeze_scale();
    const std::vector<double> direction = newton_direction(current);
    double slope = 0;
    for (size_t i = 0; i < direction.size(); ++i) slope += direction[i] * current.gradient[i];
    if (slope < 1e-12) break;
    bool improved = false;
    for (double length = 1; length > 1e-6 && !improved; length /= 2) {
      Calibration next = calibration;
      next.scale_ = std::max(kMinScale, calibration.scale_ - length * direction[0]);
      for (size_t k = 0; k < num_classes; ++k) next.offsets_[k] -= length * direction[1 + k];
      Objective candidate(next.scale_, next.offsets_, log_probabilities, labels, penalties);
      improved = candidate.value < current.value;
      if (!improved) continue;
      calibration = std::move(next);
      current = std::move(candidate);
    }
    if (!improved) break;
  }
  return calibration;
}

void Calibration::write(ByteWriter& writer) const {
  writer.number(scale_);
  writer.numbers(std::span<const double>(offsets_));
}

Calibration Calibration::read(ByteReader& reader, size_t num_classes) {
  Calibration calibration(num_classes);
  calibration.scale_ = reader.number<double>();
  calibration.offsets_ = reader.block<double>(num_classes);
  return calibration;
}

void Calibration::apply(std::span<double> row) const { softmax(scale_, offsets_, row); }

}  // namespace manyshot
