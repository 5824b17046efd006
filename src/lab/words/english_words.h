// Common English words, and some names, of four and five letters in the shapes that invented words have.
#pragma once

#include <string_view>

namespace manyshot::lab {

// `word` in lower case, without an ending.
bool is_common_english(std::string_view word);

}  // namespace manyshot::lab
