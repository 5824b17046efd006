// Text -> training recipe: either Error with a message in UTF-8, or a recipe whose copy (as runs keep it) is JSON.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "train/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  try {
    const train::Recipe recipe = train::parse_recipe({reinterpret_cast<const char*>(data), size}, "recipe.toml");
    if (recipe.stages.empty()) std::abort();
    if (find_invalid_utf8(to_json(recipe).dump())) std::abort();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal || find_invalid_utf8(error.what())) std::abort();
  }
  return 0;
}
