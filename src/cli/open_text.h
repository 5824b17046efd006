// Text files that commands read line by line.
#pragma once

#include <fstream>
#include <string>

namespace manyshot {

// Throws Error(kNotFound) when the file cannot be opened, Error(kBadInput) when it is a folder.
std::ifstream open_text(const std::string& path);

}  // namespace manyshot
