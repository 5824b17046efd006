// Unicode normal form C, by utf8proc.
#pragma once

#include <string>
#include <string_view>

namespace manyshot {

// `text` in normal form C: `text` itself where nothing can change, else `buffer`, which it fills. Bytes that are not
// UTF-8 stay as they are, and the text on each side of them is normalized on its own.
std::string_view to_nfc(std::string_view text, std::string& buffer);

// Whether the character never changes and never lets a neighbour change as long as only such characters stand around it
// (NFC_Quick_Check=Yes and combining class 0). False for many rarer characters of which this is true as well.
bool is_nfc_inert(char32_t code_point);

}  // namespace manyshot
