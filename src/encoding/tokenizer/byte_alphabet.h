// GPT-2's byte alphabet: one printable character for each of the 256 bytes, in which byte-level vocabularies and merges
// are spelt (a space is "Ġ", a newline "Ċ"). Source: Radford et al. 2019, GPT-2's encoder.py, bytes_to_unicode().
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace manyshot {

// The bytes that `spelling` stands for, or nothing when a character is not of the alphabet.
std::optional<std::string> bytes_from_alphabet(std::string_view spelling);

// The spelling of `bytes`.
std::string bytes_to_alphabet(std::string_view bytes);

}  // namespace manyshot
