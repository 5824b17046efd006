#include "predict/select_rows.h"

#include <algorithm>
#include <numeric>

namespace manyshot {
namespace {

// How many rows of each class: proportional shares rounded down, at least one, and the rest to the largest remainders;
// when the ones for rare classes overshoot, the largest shares give back.
std::vector<uint64_t> stratified_counts(const std::vector<std::vector<uint64_t>>& members, uint64_t count) {
  uint64_t total = 0;
  for (const auto& rows : members) total += rows.size();
  const size_t num_classes = members.size();
  std::vector<uint64_t> counts(num_classes);
  std::vector<double> wanted(num_classes);
  for (size_t k = 0; k < num_classes; ++k) {
    wanted[k] = static_cast<double>(count) * static_cast<double>(members[k].size()) / static_cast<double>(total);
    counts[k] = std::max<uint64_t>(static_cast<uint64_t>(wanted[k]), members[k].empty() ? 0 : 1);
  }
  const auto excess = [&](size_t k) { return static_cast<double>(counts[k]) - wanted[k]; };
  std::vector<size_t> order(num_classes);
  std::iota(order.begin(), order.end(), 0);
  uint64_t sum = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  for (; sum < count; ++sum) {
    const auto open = [&](size_t k) { return counts[k] < members[k].size(); };
    ++counts[*std::max_element(order.begin(), order.end(), [&](size_t a, size_t b) {
      return open(a) != open(b) ? open(b) : excess(a) > excess(b);
    })];
  }
  for (; sum > count; --sum) {
    --counts[*std::max_element(order.begin(), order.end(), [&](size_t a, size_t b) {
      return (counts[a] > 1) != (counts[b] > 1) ? counts[b] > 1 : excess(a) < excess(b);
    })];
  }
  return counts;
}

}  // namespace

std::vector<uint64_t> select_rows(std::span<const int32_t> labels, size_t num_classes, uint64_t count,
                                  Selection selection, const Rng& rng) {
  std::vector<std::vector<uint64_t>> members(selection == Selection::kStratified ? num_classes : 1);
  uint64_t total = 0;
  for (uint64_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0) continue;
    members[selection == Selection::kStratified ? labels[row] : 0].push_back(row);
    ++total;
  }
  count = std::min(count, total);
  if (count == 0) return {};
  const std::vector<uint64_t> counts = stratified_counts(members, count);
  std::vector<uint64_t> chosen;
  for (size_t k = 0; k < members.size(); ++k) {
    const Rng class_rng = rng.child("rows", k);
    for (const uint32_t place :
         class_rng.sample(static_cast<uint32_t>(members[k].size()), static_cast<uint32_t>(counts[k]))) {
      chosen.push_back(members[k][place]);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<int32_t> stratified_folds(std::span<const int32_t> labels, size_t num_classes, int num_folds,
                                      const Rng& rng) {
  std::vector<std::vector<uint32_t>> rows_of_class(num_classes);
  for (uint32_t row = 0; row < labels.size(); ++row) {
    if (labels[row] >= 0) rows_of_class[static_cast<size_t>(labels[row])].push_back(row);
  }
  std::vector<int32_t> folds(labels.size(), -1);
  int next = 0;
  for (size_t k = 0; k < num_classes; ++k) {
    const std::vector<uint32_t>& rows = rows_of_class[k];
    for (const uint32_t place : rng.child("class", k).permutation(static_cast<uint32_t>(rows.size()))) {
      folds[rows[place]] = next;
      next = (next + 1) % num_folds;
    }
  }
  return folds;
}

}  // namespace manyshot
