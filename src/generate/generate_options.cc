#include "generate/generate_options.h"

#include <algorithm>

namespace manyshot {

void GenerateOptions::validate() const {
  if (std::ranges::any_of(stop, [](const std::string& text) { return text.empty(); })) {
    refuse_option("stop", "an empty text would end everything at once; give text, or leave it out");
  }
  if (top_p == 0) refuse_option("top_p", "0 leaves no token; give more, up to 1, or a temperature of 0");
}

}  // namespace manyshot
