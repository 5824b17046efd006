// Tables in Arrow's streaming format (Arrow IPC), as programs send them.
#pragma once

#include <string>
#include <string_view>

#include "table/text_table.h"

namespace manyshot {

// All rows of a stream, with columns of the types of read_columns(). Everything the bytes say of themselves is checked,
// and memory stays within a few times what the bytes can hold: `most_text_bytes` of cells at most. Throws what
// read_columns() throws, Error(kCorruptFile) for what is no such stream, and kBadInput for one that unpacks to more;
// messages call the table `name`.
TextTable read_arrow_stream(std::string_view bytes, const std::string& name, uint64_t most_text_bytes);

}  // namespace manyshot
