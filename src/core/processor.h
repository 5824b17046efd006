#pragma once

#include <string>

namespace manyshot {

// The processor's name as /proc/cpuinfo has it; "" where it has none.
std::string processor_name();

}  // namespace manyshot
