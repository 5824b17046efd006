// Class names: their order and how a label written in another file is matched to them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace manyshot {

// Sorted class order: by value when all names are numbers, else by bytes.
void sort_classes(std::vector<std::string>& names);

// The class each of `spellings` means: the same string, else the one that it respells without doubt ("1" for "1.0",
// "true" for "True"; table/respelling.h), else -1.
std::vector<int32_t> match_classes(const std::vector<std::string>& spellings, const std::vector<std::string>& classes);

}  // namespace manyshot
