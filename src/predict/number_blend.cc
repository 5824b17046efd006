#include "predict/number_blend.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace manyshot {
namespace {

constexpr double kPriorRows = 10;  // what equal weights are worth

// The rows that every member predicted: [rows, M] how far each was off, what was right minus what was predicted.
std::vector<double> common_residuals(std::span<const std::vector<double>> predictions,
                                     std::span<const double> numbers) {
  std::vector<double> residuals;
  for (size_t row = 0; row < numbers.size(); ++row) {
    if (std::ranges::any_of(predictions, [&](const auto& member) { return member.empty() || std::isnan(member[row]); }))
      continue;
    for (const std::vector<double>& member : predictions) residuals.push_back(numbers[row] - member[row]);
  }
  return residuals;
}

// w minimises w^T A w + strength M |w - 1/M|^2 over w >= 0 that sum to 1: weight goes from one member to another as
// long as that helps.
std::vector<double> least_on_simplex(const std::vector<double>& products, size_t num_members, double strength) {
  constexpr int kMostRounds = 1'000;
  constexpr double kTolerance = 1e-9;
  const auto count = static_cast<double>(num_members);
  std::vector<double> w(num_members, 1 / count);
  const auto slope = [&](size_t m) {
    double sum = strength * count * (w[m] - 1 / count);
    for (size_t other = 0; other < num_members; ++other) sum += products[m * num_members + other] * w[other];
    return sum;
  };
  for (int round = 0; round < kMostRounds; ++round) {
    double moved = 0;
    for (size_t a = 0; a < num_members; ++a) {
      for (size_t b = 0; b < a; ++b) {
        const double curvature = products[a * num_members + a] + products[b * num_members + b] -
                                 2 * products[a * num_members + b] + 2 * strength * count;
        if (!(curvature > 0)) continue;
        const double step = std::clamp((slope(b) - slope(a)) / curvature, -w[a], w[b]);
        w[a] += step;
        w[b] -= step;
        moved = std::max(moved, std::abs(step));
      }
    }
    if (moved < kTolerance) break;
  }
  return w;
}

// R2 of honest predictions, over the rows that were predicted.
double honest_r2(const std::vector<double>& predictions, const std::vector<double>& numbers) {
  double rows = 0, mean = 0;
  for (size_t row = 0; row < predictions.size(); ++row) {
    if (!std::isnan(predictions[row])) mean += numbers[row], ++rows;
  }
  mean /= rows;
  double error = 0, spread = 0;
  for (size_t row = 0; row < predictions.size(); ++row) {
    if (std::isnan(predictions[row])) continue;
    error += std::pow(numbers[row] - predictions[row], 2);
    spread += std::pow(numbers[row] - mean, 2);
  }
  return 1 - error / spread;
}

class BlendedNumberPredictor : public NumberPredictor {
 public:
  struct Part {
    std::string name;
    std::unique_ptr<NumberPredictor> predictor;
  };

  BlendedNumberPredictor(std::vector<Part> parts, const std::vector<double>& numbers) : parts_(std::move(parts)) {
    std::vector<std::vector<double>> honest;
    for (const Part& part : parts_) honest.push_back(part.predictor->honest_means());
    weights_ = fit_number_blend(honest, numbers, kPriorRows);
    if (std::ranges::none_of(honest, [](const auto& member) { return member.empty(); })) {
      honest_.assign(numbers.size(), 0);
      for (size_t i = 0; i < parts_.size(); ++i) {
        for (size_t row = 0; row < numbers.size(); ++row) honest_[row] += weights_[i] * honest[i][row];
      }
    }
    describe(honest, numbers);
  }

  Distributions predict(const Table& queries) const override {
    Distributions result{.values = std::vector<double>(queries.num_rows * kNumSlices)};
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (weights_[i] == 0) continue;
      const Distributions part = parts_[i].predictor->predict(queries);
      for (size_t at = 0; at < result.values.size(); ++at) result.values[at] += weights_[i] * part.values[at];
    }
    return result;
  }
  size_t batch_rows() const override {
    size_t least = NumberPredictor::batch_rows();
    for (const Part& part : parts_) least = std::min(least, part.predictor->batch_rows());
    return least;
  }
  std::vector<double> honest_means() const override { return honest_; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  void describe(const std::vector<std::vector<double>>& honest, const std::vector<double>& numbers) {
    std::vector<std::string> shares;
    for (size_t i = 0; i < parts_.size(); ++i) {
      for (std::string& note : parts_[i].predictor->notes()) {
        if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(std::move(note));
      }
      shares.push_back(fmt::format("{} {:.0f} %", parts_[i].name, 100 * weights_[i]));
      const double r2 = honest_r2(honest[i], numbers);
      if (std::isfinite(r2)) shares.back() += fmt::format(" ({:.3f})", r2);
    }
    notes_.push_back(fmt::format("what counts how much, with R2 on labelled rows whose own number was hidden: {}",
                                 fmt::join(shares, ", ")));
  }

  std::vector<Part> parts_;
  std::vector<double> weights_;
  std::vector<double> honest_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<double> fit_number_blend(std::span<const std::vector<double>> predictions, std::span<const double> numbers,
                                     double strength) {
  const size_t num_members = predictions.size();
  const std::vector<double> residuals = common_residuals(predictions, numbers);
  std::vector<double> products(num_members * num_members);
  double equal_error = 0, rows = 0;
  for (size_t begin = 0; begin < residuals.size(); begin += num_members, ++rows) {
    double sum = 0;
    for (size_t a = 0; a < num_members; ++a) {
      sum += residuals[begin + a] / static_cast<double>(num_members);
      for (size_t b = 0; b < num_members; ++b)
        products[a * num_members + b] += residuals[begin + a] * residuals[begin + b];
    }
    equal_error += sum * sum;
  }
  const double scale = equal_error / std::max(rows, 1.0);
  // Numbers that everything predicts exactly decide nothing.
  if (scale > 0) {
    for (double& product : products) product /= scale;
  } else {
    std::ranges::fill(products, 0);
  }
  return least_on_simplex(products, num_members, strength);
}

std::unique_ptr<NumberPredictor> BlendedNumberMethod::fit_with(const NumberedTable& shots,
                                                               const FitStore& store) const {
  std::vector<BlendedNumberPredictor::Part> parts;
  for (const Member& member : members_)
    parts.push_back({member.name, member.method->fit_with(shots, store.part(member.name))});
  return std::make_unique<BlendedNumberPredictor>(std::move(parts), shots.numbers);
}

}  // namespace manyshot
