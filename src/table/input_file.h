// The bytes of a file on disk or in memory, which can be opened any number of times.
#pragma once

#include <memory>
#include <string>

namespace arrow {
class Buffer;
namespace io {
class RandomAccessFile;
}
}  // namespace arrow

namespace manyshot {

class InputFile {
 public:
  // Throws Error(kNotFound) if `path` does not exist, kBadInput if it is a folder, a pipe, not readable, or empty.
  static InputFile on_disk(const std::string& path);
  // Throws Error(kBadInput) if `bytes` is empty.
  static InputFile in_memory(std::string bytes, const std::string& name);

  const std::string& path() const { return path_; }
  std::shared_ptr<arrow::io::RandomAccessFile> open() const;
  // The first `max_bytes` bytes, fewer if the file is shorter.
  std::string head(size_t max_bytes) const;

 private:
  explicit InputFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::shared_ptr<arrow::Buffer> bytes_;  // null: on disk
};

}  // namespace manyshot
