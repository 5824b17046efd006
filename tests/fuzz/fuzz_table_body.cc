// The body of a request with a table, by its first byte JSON ('j'), an Arrow stream ('a') or CSV: a table that can be
// read to its end, or an Error with a message in UTF-8.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/error.h"
#include "core/text.h"
#include "serve/table_body.h"
#include "table/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  if (size == 0) return 0;
  const serve::BodyFormat format = data[0] == 'j'   ? serve::BodyFormat::kJson
                                   : data[0] == 'a' ? serve::BodyFormat::kArrow
                                                    : serve::BodyFormat::kCsv;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    (void)serve::body_format(body.substr(0, 40), body);
  } catch (const Error& error) {
    if (find_invalid_utf8(error.what())) std::abort();
  }
  try {
    const serve::TableBody read = serve::read_table_body(body, format, {}, "the body");
    if (!read.table) return 0;
    const Schema schema = infer_schema(*read.table);
    uint64_t num_rows = 0;
    scan_table(*read.table, schema, /*chunk_rows=*/7, /*notes=*/nullptr,
               [&](const Table& table, uint64_t) { num_rows += table.num_rows; });
    if (num_rows != schema.num_rows || num_rows == 0) std::abort();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal || find_invalid_utf8(error.what())) std::abort();
  }
  return 0;
}
