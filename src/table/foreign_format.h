// Recognises files of other formats by their first bytes, so that the message can say what to do with them.
#pragma once

#include <string_view>

namespace manyshot {

// Throws Error(kUnsupported) if `head`, the start of the decompressed file, belongs to a format that is no table for
// us.
void reject_foreign_format(std::string_view path, std::string_view head);

}  // namespace manyshot
