#include "predict/labels.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "table/cell_values.h"
#include "table/respelling.h"

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
  std::map<std::string_view, int32_t> by_name;
  for (size_t k = 0; k < classes.size(); ++k) by_name.emplace(classes[k], static_cast<int32_t>(k));
  const Respelling respelling(classes);
  std::vector<int32_t> result;
  for (const std::string& spelling : spellings) {
    const auto found = by_name.find(spelling);
    result.push_back(found != by_name.end() ? found->second : respelling.find(spelling));
  }
  return result;
}

}  // namespace manyshot
