// The baselines that are scored beside a model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace manyshot {

// The names of all baselines, of classes and of numbers, and "none".
std::vector<std::string> beside_choices();

// How much work a baseline has.
struct BesideWork {
  uint64_t rows = 0, features = 0, queries = 0;
};

// `asked`, or `usual` without it, less "none" and `model`. Those that nobody asked for are left out where they would
// take minutes, with a note that begins with `path`. Throws Error(kBadInput) for one that is not among `known`.
std::vector<std::string> baselines_beside(const std::optional<std::vector<std::string>>& asked,
                                          const std::vector<std::string>& usual, const std::vector<std::string>& known,
                                          const std::string& model, const BesideWork& work, const std::string& path);

}  // namespace manyshot
