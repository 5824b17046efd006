// Probabilities from log-likelihoods of answers, as ensembles of language models sum them (arXiv 2509.06806, section
// 2.5).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace manyshot {

// Adds each class's share of the total likelihood to shares [K]; classes without labelled rows get none. Returns false,
// and adds nothing, when no other class has any likelihood.
bool add_class_shares(std::span<const float> log_likelihoods, const std::vector<uint32_t>& class_counts,
                      std::span<double> shares);

}  // namespace manyshot
