// Fields of JSON that a server sent: absent ones, and ones of another type, read as null, "" and 0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.h"

namespace manyshot {

inline const Json& null_json() {
  static const Json null;
  return null;
}

inline const Json& field(const Json& json, std::string_view name) {
  if (!json.is_object()) return null_json();
  const auto found = json.find(name);
  return found == json.end() ? null_json() : *found;
}

inline const Json& element(const Json& json, size_t index) {
  return json.is_array() && index < json.size() ? json[index] : null_json();
}

inline double to_number(const Json& json) { return json.is_number() ? json.get<double>() : 0; }
inline double number_field(const Json& json, std::string_view name) { return to_number(field(json, name)); }

// 0 for numbers that cannot be counts: negative ones, and those beyond what 64 bits hold.
inline uint64_t count_field(const Json& json, std::string_view name) {
  const double value = number_field(json, name);
  return value >= 0 && value < 0x1p63 ? static_cast<uint64_t>(value) : 0;
}

inline std::string text_field(const Json& json, std::string_view name) {
  const Json& value = field(json, name);
  return value.is_string() ? value.get<std::string>() : "";
}

}  // namespace manyshot
