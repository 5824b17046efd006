#include "table/input_file.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>

#include <filesystem>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

std::shared_ptr<arrow::io::RandomAccessFile> open_on_disk(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok())
    fail(ErrorKind::kBadInput, "{}: cannot be read ({}); check its permissions", path, file.status().message());
  return *file;
}

[[noreturn]] void fail_empty(const std::string& path) {
  fail(ErrorKind::kBadInput,
       "{}: the file is empty; a table needs a header line with the column names, then one line a row", path);
}

// A file of a near name in the same folder, for the message about a missing one.
std::string suggest_file(const std::filesystem::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    names.push_back(entry.path().filename().string());
  }
  return did_you_mean(path.filename().string(), names);
}

}  // namespace

InputFile InputFile::on_disk(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    fail(ErrorKind::kNotFound, "{}: no such file{}", path, suggest_file(path));
  }
  if (std::filesystem::is_directory(status)) {
    fail(ErrorKind::kBadInput, "{}: this is a folder; name a CSV or Parquet file in it", path);
  }
  if (!std::filesystem::is_regular_file(status)) {
    fail(ErrorKind::kBadInput,
         "{}: not a regular file; tables are read more than once, so save the data to a file first", path);
  }
  open_on_disk(path);
  if (std::filesystem::file_size(path, error) == 0) fail_empty(path);
  return InputFile(path);
}

InputFile InputFile::in_memory(std::string bytes, const std::string& name) {
  if (bytes.empty()) fail_empty(name);
  InputFile file(name);
  file.bytes_ = arrow::Buffer::FromString(std::move(bytes));
  return file;
}

std::shared_ptr<arrow::io::RandomAccessFile> InputFile::open() const {
  if (bytes_) return std::make_shared<arrow::io::BufferReader>(bytes_);
  return open_on_disk(path_);
}

std::string InputFile::head(size_t max_bytes) const {
  std::string bytes(max_bytes, '\0');
  const auto count = open()->ReadAt(0, static_cast<int64_t>(max_bytes), bytes.data());
  if (!count.ok()) fail(ErrorKind::kBadInput, "{}: cannot be read ({})", path_, count.status().message());
  bytes.resize(static_cast<size_t>(*count));
  return bytes;
}

}  // namespace manyshot
