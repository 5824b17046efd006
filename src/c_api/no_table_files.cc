// The library reads tables from memory alone: what opens files (table/open_table.cc) stays with Arrow in the program.
#include "core/error.h"
#include "table/table_reader.h"

namespace manyshot {

std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions&) {
  fail(ErrorKind::kUnsupported, "{}: the library reads no table files; hand the table over in memory", path);
}

std::unique_ptr<TableReader> open_table_bytes(std::string, const std::string& name, const ReadOptions& options) {
  return open_table(name, options);
}

}  // namespace manyshot
