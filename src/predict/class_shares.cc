#include "predict/class_shares.h"

#include <algorithm>
#include <cmath>

namespace manyshot {

bool add_class_shares(std::span<const float> log_likelihoods, const std::vector<uint32_t>& class_counts,
                      std::span<double> shares) {
  double largest = -INFINITY, sum = 0;
  for (size_t k = 0; k < class_counts.size(); ++k) {
    if (class_counts[k] > 0) largest = std::max(largest, double{log_likelihoods[k]});
  }
  if (largest == -INFINITY) return false;
  std::vector<double> likelihoods(class_counts.size());
  for (size_t k = 0; k < class_counts.size(); ++k) {
    if (class_counts[k] > 0) sum += likelihoods[k] = std::exp(log_likelihoods[k] - largest);
  }
  for (size_t k = 0; k < class_counts.size(); ++k) shares[k] += likelihoods[k] / sum;
  return true;
}

}  // namespace manyshot
