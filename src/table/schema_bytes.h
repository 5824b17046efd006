// What of a schema is needed to read further files of the same columns, as bytes; nothing of single cells but the
// spellings of categories and of gaps, and the range of numbers.
#pragma once

#include "core/bytes.h"
#include "table/schema.h"

namespace manyshot {

void write_schema(ByteWriter& writer, const Schema& schema);
// Throws Error(kCorruptFile) for bytes that are none.
Schema read_schema(ByteReader& reader);

}  // namespace manyshot
