#include "generate/generate_options.h"

#include <algorithm>

#include "core/error.h"

namespace manyshot {

void GenerateOptions::validate() const {
  if (std::ranges::any_of(stop, [](const std::string& text) { return text.empty(); })) {
    fail(ErrorKind::kBadInput, "--stop: an empty text would end everything at once; give text, or leave it out");
  }
  if (top_p == 0) fail(ErrorKind::kBadInput, "--top-p: 0 leaves no token; give more, up to 1, or --temperature 0");
}

}  // namespace manyshot
