// The repository's root, from the environment that CTest sets.
#pragma once

#include <cstdlib>
#include <string>

namespace manyshot {

inline std::string source_dir() {
  const char* dir = std::getenv("MANYSHOT_SOURCE_DIR");
  return dir != nullptr ? dir : ".";
}

}  // namespace manyshot
