// The mean of the last few snapshots of the weights (as github.com/borawhocodess/modded-nanotabpfn, record 7, averages
// before every evaluation).
#pragma once

#include <span>
#include <vector>

#include "train/optimizer/optimizer.h"

namespace manyshot {

class SnapshotMean {
 public:
  // Keeps `count` snapshots. REQUIRES: count >= 1.
  SnapshotMean(std::span<const Parameter> parameters, size_t count);

  void take(std::span<const Parameter> parameters);
  // Exchanges mean and masters; a second call brings the same bits back. Before the first take() nothing changes.
  void swap(std::span<Parameter> parameters);

  std::vector<OptimizerState> state();
  Json counters() const { return {{"taken", taken_}}; }
  void set_counters(const Json& counters) { taken_ = counters.at("taken").get<size_t>(); }

 private:
  std::vector<std::vector<float>> snapshots_;  // a ring; each all parameters one behind the other
  size_t taken_ = 0;
  std::vector<float> kept_;  // the masters while the mean is in their place, else empty
};

}  // namespace manyshot
