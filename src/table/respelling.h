// Finds the name that a string means although it is spelt otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace manyshot {

class Respelling {
 public:
  explicit Respelling(std::span<const std::string> names);

  // The name that `text` respells without doubt: the only one equal to it but for blanks at either end, else the only
  // one that is the same number, else the only one equal but for case and typography as well. -1 if none is, or more
  // than one.
  int32_t find(std::string_view text) const;

  // Two names that respell each other, if there are any.
  const std::optional<std::pair<int32_t, int32_t>>& twins() const { return twins_; }

 private:
  template <class Map, class Key>
  void add(Map& map, const Key& key, int32_t index);

  std::map<std::string, int32_t, std::less<>> trimmed_, folded_;  // -2: more than one name
  std::map<double, int32_t> numbers_;
  std::optional<std::pair<int32_t, int32_t>> twins_;
};

}  // namespace manyshot
