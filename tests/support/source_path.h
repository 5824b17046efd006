// Paths of this repository's files.
#pragma once

#include <string>
#include <string_view>

namespace manyshot {

// The value of an environment variable that CTest sets; throws std::runtime_error without it.
std::string test_environment(const char* name);

// The path of a file or folder of the repository: source_path("models/default").
std::string source_path(std::string_view relative_path);

}  // namespace manyshot
