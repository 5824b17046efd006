#include "predict/choose_labels.h"

#include <cmath>
#include <cstddef>

namespace manyshot {
namespace {

// The class with the largest weight * probability, in each row.
std::vector<int32_t> largest_weighted(std::span<const double> probabilities, std::span<const double> weights) {
  const size_t num_classes = weights.size(), num_rows = probabilities.size() / num_classes;
  std::vector<int32_t> labels(num_rows);
  for (size_t row = 0; row < num_rows; ++row) {
    const double* p = probabilities.data() + row * num_classes;
    size_t best = 0;
    for (size_t k = 1; k < num_classes; ++k) {
      if (p[k] * weights[k] > p[best] * weights[best]) best = k;
    }
    labels[row] = static_cast<int32_t>(best);
  }
  return labels;
}

std::vector<int32_t> likeliest(std::span<const double> probabilities, size_t num_classes) {
  return largest_weighted(probabilities, std::vector<double>(num_classes, 1.0));
}

// A class without labelled rows has probability 0 and no weight.
std::vector<int32_t> largest_beside_share(std::span<const double> probabilities,
                                          std::span<const uint32_t> class_counts) {
  std::vector<double> weights;
  for (const uint32_t count : class_counts) weights.push_back(count == 0 ? 0 : 1.0 / count);
  return largest_weighted(probabilities, weights);
}

// Labels whose expected F1 grows as rows change theirs.
class F1Climber {
 public:
  F1Climber(std::span<const double> probabilities, size_t num_classes, std::vector<int32_t> labels)
      : probabilities_(probabilities), labels_(std::move(labels)), classes_(num_classes) {
    for (size_t row = 0; row < labels_.size(); ++row) {
      for (size_t k = 0; k < num_classes; ++k) classes_[k].expected += p(row, k);
      give(row, label(row), +1);
    }
  }

  void climb() {
    constexpr int kMostSweeps = 50;
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      bool has_changed = false;
      for (size_t row = 0; row < labels_.size(); ++row) has_changed |= improve(row);
      if (!has_changed) return;
    }
  }

  // Summed over the classes.
  double score() const {
    double sum = 0;
    for (const ClassSums& sums : classes_) sum += sums.f1();
    return sum;
  }
  std::vector<int32_t> take() { return std::move(labels_); }

 private:
  struct ClassSums {
    double expected = 0;  // T_k
    double given = 0;     // P_k
    double correct = 0;   // C_k
    double f1() const { return given + expected > 0 ? 2 * correct / (given + expected) : 0; }
    double f1_with(double change, double probability) const {
      return ClassSums{expected, given + change, correct + change * probability}.f1();
    }
  };

  double p(size_t row, size_t k) const { return probabilities_[row * classes_.size() + k]; }
  size_t label(size_t row) const { return static_cast<size_t>(labels_[row]); }
  void give(size_t row, size_t k, double change) {
    classes_[k].given += change;
    classes_[k].correct += change * p(row, k);
  }

  bool improve(size_t row) {
    constexpr double kLeastGain = 1e-12;  // rounding is no gain
    const size_t old = label(row);
    const double loss = classes_[old].f1() - classes_[old].f1_with(-1, p(row, old));
    size_t best = old;
    double best_gain = kLeastGain;
    for (size_t k = 0; k < classes_.size(); ++k) {
      if (k == old) continue;
      const double gain = classes_[k].f1_with(+1, p(row, k)) - classes_[k].f1() - loss;
      if (gain > best_gain) best = k, best_gain = gain;
    }
    if (best == old) return false;
    give(row, old, -1);
    give(row, best, +1);
    labels_[row] = static_cast<int32_t>(best);
    return true;
  }

  std::span<const double> probabilities_;
  std::vector<int32_t> labels_;
  std::vector<ClassSums> classes_;
};

// The best of several climbs: from the likeliest classes, and from labels that rare classes get more of.
std::vector<int32_t> largest_f1(std::span<const double> probabilities, size_t num_classes) {
  constexpr double kPowers[] = {0, 0.5, 1};  // of the rows that a class is expected to have
  std::vector<double> expected(num_classes, 0.0);
  for (size_t i = 0; i < probabilities.size(); ++i) expected[i % num_classes] += probabilities[i];
  std::vector<int32_t> best;
  double best_score = -1;
  for (const double power : kPowers) {
    std::vector<double> weights;
    for (const double rows : expected) weights.push_back(rows > 0 ? std::pow(rows, -power) : 0);
    F1Climber climber(probabilities, num_classes, largest_weighted(probabilities, weights));
    climber.climb();
    if (climber.score() > best_score) best_score = climber.score(), best = climber.take();
  }
  return best;
}

}  // namespace

std::vector<int32_t> choose_labels(LabelMetric metric, std::span<const double> probabilities,
                                   std::span<const uint32_t> class_counts) {
  switch (metric) {
    case LabelMetric::kAccuracy:
      break;
    case LabelMetric::kBalancedAccuracy:
      return largest_beside_share(probabilities, class_counts);
    case LabelMetric::kF1:
      return largest_f1(probabilities, class_counts.size());
  }
  return likeliest(probabilities, class_counts.size());
}

}  // namespace manyshot
