// Calibration of an ensemble on its own context: every labelled row has been predicted from the rows before it in the
// same pass
// ("prequential"), so a scale and one offset per class can be fitted without any further data.
//
//   p = softmax(scale * L + offset),  L the members' mean log-probabilities
//
// This is vector scaling with a common scale (Guo et al. 2017, "On Calibration of Modern Neural Networks",
// section 4.2), made safe for few rows by a ridge penalty towards scale 1 and offsets 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.h"

namespace manyshot {

// The share in [0, 1] of `b` [N, K] for which (1 - share) a + share b, log-probabilities of the same rows in two ways,
// explains `labels` [N] best, with a penalty towards `usual` for few rows; convex, by golden section.
double fit_share(std::span<const double> a, std::span<const double> b, std::span<const int32_t> labels,
                 size_t num_classes, double usual);

// How firmly scale 1 and offsets 0 are held to, in units of labelled rows. Chosen on the tables' log loss at 32 and 128
// shots, where 1 to 10 and 3 to 10 differ by less than .005 (docs/adr/0005).
struct CalibrationPenalties {
  double scale = 3, offset = 10;
};

class Calibration {
 public:
  // Identity for K classes.
  explicit Calibration(size_t num_classes) : scale_(1), offsets_(num_classes) {}

  // Rows of NaN, which nobody predicted, are left out. Minimises the negative log-likelihood of `labels` [N] given
  // `log_probabilities` [N, K] plus the penalty; convex, by Newton's method. Classes that are -infinity in a row stay
  // impossible.
  static Calibration fit(std::span<const double> log_probabilities, std::span<const int32_t> labels, size_t num_classes,
                         const CalibrationPenalties& penalties = {});

  // [K] log-probabilities in, probabilities that sum to 1 out; in place.
  void apply(std::span<double> row) const;

  void write(ByteWriter& writer) const;
  static Calibration read(ByteReader& reader, size_t num_classes);

  double scale() const { return scale_; }
  const std::vector<double>& offsets() const { return offsets_; }

 private:
  double scale_;
  std::vector<double> offsets_;  // [K]
};

}  // namespace manyshot
