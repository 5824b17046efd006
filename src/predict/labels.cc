#include "predict/labels.h"

#include <algorithm>
#include <map>
#include <optional>

#include "table/cell_values.h"

namespace manyshot {

void sort_classes(std::vector<std::string>& names) {
  const bool all_numbers = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return parse_number(name, NumberStyle::kPoint).has_value();
  });
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    if (all_numbers && *parse_number(a, NumberStyle::kPoint) != *parse_number(b, NumberStyle::kPoint))
      return *parse_number(a, NumberStyle::kPoint) < *parse_number(b, NumberStyle::kPoint);
    return a < b;
  });
}

std::vector<int32_t> match_classes(const std::vector<std::string>& spellings, const std::vector<std::string>& classes) {
  std::map<std::string, int32_t> by_name;
  std::map<double, int32_t> by_value;
  for (size_t k = 0; k < classes.size(); ++k) {
    by_name.emplace(classes[k], static_cast<int32_t>(k));
    if (const auto value = parse_number(classes[k], NumberStyle::kPoint))
      by_value.emplace(*value, static_cast<int32_t>(k));
  }
  std::vector<int32_t> result;
  for (const std::string& spelling : spellings) {
    int32_t match = -1;
    if (const auto found = by_name.find(spelling); found != by_name.end()) {
      match = found->second;
    } else if (const auto value = parse_number(spelling, NumberStyle::kPoint)) {
      if (const auto same = by_value.find(*value); same != by_value.end()) match = same->second;
    }
    result.push_back(match);
  }
  return result;
}

}  // namespace manyshot
