// Methods without weights, known by name: of classes (predict/baselines.h) and of numbers (predict/number_baselines.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// AnyMethod: Method or NumberMethod.
template <class AnyMethod>
class BaselineList {
 public:
  struct Entry {
    std::string_view name;
    std::unique_ptr<AnyMethod> (*open)(uint64_t seed);
  };
  BaselineList(std::initializer_list<Entry> entries) : entries_(entries) {
    for (const Entry& entry : entries_) names_.emplace_back(entry.name);
  }

  const std::vector<std::string>& names() const { return names_; }
  bool has(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }
  // REQUIRES: has(name).
  std::unique_ptr<AnyMethod> open(std::string_view name, uint64_t seed) const {
    return std::ranges::find(entries_, name, &Entry::name)->open(seed);
  }

 private:
  std::vector<Entry> entries_;
  std::vector<std::string> names_;
};

}  // namespace manyshot
