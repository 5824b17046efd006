// How deep JSON of outside is, before it is parsed: to write it down again, the stack must be as deep.
#pragma once

#include <string_view>

namespace manyshot {

inline constexpr int kMostJsonLevels = 64;

// Whether more than `most_levels` lists and objects stand in each other. Text that is no JSON may be judged either way.
bool is_json_deeper_than(std::string_view json, int most_levels = kMostJsonLevels);

}  // namespace manyshot
