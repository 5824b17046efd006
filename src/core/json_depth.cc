#include "core/json_depth.h"

#include <cstddef>

namespace manyshot {

bool is_json_deeper_than(std::string_view json, int most_levels) {
  int level = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_text = !in_text;
    if (in_text && c == '\\') ++i;
    if (in_text) continue;
    if (c == '[' || c == '{') ++level;
    if (c == ']' || c == '}') --level;
    if (level > most_levels) return true;
  }
  return false;
}

}  // namespace manyshot
