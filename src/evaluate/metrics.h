// Classification metrics over batches of probabilities.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace manyshot {

inline constexpr double kProbabilityFloor = 0.001;  // probabilities in the log loss are raised to this and renormalised
inline constexpr int kCalibrationBins = 15;

struct Metrics {
  uint64_t rows = 0;  // scored rows
  double accuracy = 0;
  double balanced_accuracy = 0;  // mean recall over the classes that occur
  double log_loss = 0;           // nats a row, floored as above
  double ece = 0;  // expected calibration error of the predicted class, 15 equal-width bins (Guo et al. 2017, eq. 3)
};

// Adds up batches. A truth of -1 is not scored; -2, a class no model knows, counts as wrong, with the floor as its
// probability, and as one further class in the balanced accuracy.
class MetricsAccumulator {
 public:
  explicit MetricsAccumulator(size_t num_classes);
  // probabilities [Q, K] row-major, truth [Q].
  void add(std::span<const double> probabilities, std::span<const int32_t> truth);
  Metrics result() const;

 private:
  struct Bin {
    uint64_t rows = 0, correct = 0;
    double confidence = 0;
  };
  size_t num_classes_;
  std::vector<uint64_t> class_rows_, class_correct_;  // [K + 1], the last for unknown classes
  std::vector<Bin> bins_;
  double log_loss_sum_ = 0;
};

}  // namespace manyshot
