// What every table reader must keep for any bytes: it gives all rows it counted, or throws Error with a message in
// UTF-8.
#pragma once

#include <cstdlib>
#include <string>

#include "core/error.h"
#include "core/text.h"
#include "table/describe.h"
#include "table/schema.h"
#include "table/table_file.h"

namespace manyshot::fuzzing {

inline void read_table(const uint8_t* data, size_t size, const char* name) {
  try {
    const TableFile file = TableFile::from_bytes(std::string(reinterpret_cast<const char*>(data), size), name);
    const Schema schema = infer_schema(file);
    uint64_t num_rows = 0;
    scan_table(file, schema, /*chunk_rows=*/7, /*notes=*/nullptr, [&](const Table& table, uint64_t first_row) {
      if (first_row != num_rows) std::abort();
      num_rows += table.num_rows;
    });
    if (num_rows != schema.num_rows || num_rows == 0) std::abort();
    if (find_invalid_utf8(describe_table(file, schema))) std::abort();
    (void)table_to_json(file, schema).dump();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal || find_invalid_utf8(error.what())) std::abort();
  }
}

}  // namespace manyshot::fuzzing
