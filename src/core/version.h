// The version of the program, which outputs carry.
#pragma once

#include <string>

namespace manyshot {

// "0.1.0": the version that CMakeLists.txt names.
std::string program_version();

}  // namespace manyshot
