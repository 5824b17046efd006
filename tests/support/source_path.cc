#include "support/source_path.h"

#include <cstdlib>
#include <stdexcept>

namespace manyshot {

std::string test_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set; run the tests through ctest");
  return value;
}

std::string source_path(std::string_view relative_path) {
  return test_environment("MANYSHOT_SOURCE_DIR") + "/" + std::string(relative_path);
}

}  // namespace manyshot
