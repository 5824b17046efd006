#include "train/optimizer/snapshot_mean.h"

#include <algorithm>

namespace manyshot {

SnapshotMean::SnapshotMean(std::span<const Parameter> parameters, size_t count) {
  size_t size = 0;
  for (const Parameter& parameter : parameters) size += parameter.value.size();
  snapshots_.assign(count, std::vector<float>(size));
}

void SnapshotMean::take(std::span<const Parameter> parameters) {
  float* to = snapshots_[taken_++ % snapshots_.size()].data();
  for (const Parameter& parameter : parameters) to = std::copy(parameter.value.begin(), parameter.value.end(), to);
}

void SnapshotMean::swap(std::span<Parameter> parameters) {
  const size_t count = std::min(taken_, snapshots_.size());
  if (count == 0) return;
  const bool is_back = !kept_.empty();
  std::vector<float> masters = std::move(kept_);
  kept_.clear();
  size_t place = 0;
  for (Parameter& parameter : parameters) {
    for (float& value : parameter.value) {
      if (is_back) {
        value = masters[place];
      } else {
        double sum = 0;
        for (size_t i = 0; i < count; ++i) sum += snapshots_[i][place];
        kept_.push_back(value);
        value = static_cast<float>(sum / static_cast<double>(count));
      }
      ++place;
    }
  }
}

std::vector<OptimizerState> SnapshotMean::state() {
  std::vector<OptimizerState> parts;
  for (size_t i = 0; i < snapshots_.size(); ++i) parts.push_back({"snapshot." + std::to_string(i), snapshots_[i]});
  return parts;
}

}  // namespace manyshot
