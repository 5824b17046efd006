// Which reader a file gets.
#include "core/error.h"
#include "table/table_reader.h"

namespace manyshot {
namespace {

std::unique_ptr<TableReader> open_reader(InputFile file, const ReadOptions& options) {
  if (has_parquet_magic(file)) return open_parquet(std::move(file));
  if (file.path().ends_with(".parquet") || file.path().ends_with(".pq")) {
    fail(ErrorKind::kCorruptFile,
         "{}: named like a Parquet file but does not start as one; fetch the file again, or rename it to .csv if it is "
         "text",
         file.path());
  }
  return open_csv(std::move(file), options);
}

}  // namespace

std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions& options) {
  return open_reader(InputFile::on_disk(path), options);
}

std::unique_ptr<TableReader> open_table_bytes(std::string bytes, const std::string& name, const ReadOptions& options) {
  return open_reader(InputFile::in_memory(std::move(bytes), name), options);
}

}  // namespace manyshot
