// Names of an enum's values, in one table beside the enum. Flags, TOML files, help, JSON and messages are made from it,
// so that logic compares values and never text.
//
//   enum class Schedule { kCosine, kLinear, kConstant };
//   constexpr auto names_of(Schedule) {
//     return std::to_array<Named<Schedule>>(
//         {{Schedule::kCosine, "cosine"}, {Schedule::kLinear, "linear"}, {Schedule::kConstant, "constant"}});
//   }
//   name_of(Schedule::kLinear);          // "linear"
//   value_named<Schedule>("constant");   // Schedule::kConstant
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>

namespace manyshot {

// One value and how it is called. `alias`: another spelling that is understood and never shown ("fp32" for "float32");
// it stands behind the line that has the value's own name.
template <class E>
struct Named {
  E value;
  std::string_view name;
  bool alias = false;
};

// Enums with a names_of() of their own namespace.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
  names_of(value);
};

// The name of `value`; REQUIRES: the table has it.
template <NamedEnum E>
constexpr std::string_view name_of(E value) {
  for (const Named<E>& entry : names_of(E{})) {
    if (entry.value == value && !entry.alias) return entry.name;
  }
  return {};
}

// The value of that name or alias.
template <NamedEnum E>
constexpr std::optional<E> value_named(std::string_view name) {
  for (const Named<E>& entry : names_of(E{})) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace manyshot
