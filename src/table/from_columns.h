// Tables that another program holds in memory, by the Arrow C stream interface: columns become text as the Parquet
// reader makes it, so that they are typed as files are (table/schema.h).
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "table/arrow_structs.h"
#include "table/text_table.h"

namespace manyshot {

// All rows of `stream`, whose schema is a struct of columns: null, bool, whole numbers of 8 to 64 bits, floating-point
// numbers of 16 to 64, utf8, large_utf8, utf8_view, date32, date64, timestamps, and dictionaries of these. Nulls, blank
// strings, and NaN are missing. The stream is read but not released. Throws Error(kUnsupported) naming column and type
// for another type, kBadInput for text that is not UTF-8 and for no columns, and kUnavailable for what the stream
// itself reports; messages call the table `name`. Cells of more than
// `most_text_bytes` together are refused with kBadInput: dictionaries and views can name one text many times.
TextTable read_columns(ArrowArrayStream& stream, const std::string& name,
                       uint64_t most_text_bytes = std::numeric_limits<uint64_t>::max());

}  // namespace manyshot
