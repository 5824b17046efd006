// Ordinary text, for the conditions that mix it in.
#pragma once

#include <string>
#include <vector>

namespace manyshot::lab {

// A .jsonl file's "text" of each line; of any other file pieces of some sentences. Throws Error(kNotFound, kBadInput)
// naming the file, and the line of JSON lines without a text.
std::vector<std::string> read_ordinary_texts(const std::string& path);

}  // namespace manyshot::lab
