// Output files that appear under their final name only when complete, and input files read or mapped whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace manyshot {

// Writes to a hidden temporary file beside `path` and renames it in commit(), after fsync. Destroyed without commit(),
// or when the process ends by SIGINT or SIGTERM, the temporary file is removed and an older file at `path` is
// untouched. A new file gets the permissions of open(2), an older one keeps its own. A path that is not a regular file
// (/dev/stdout, a pipe) is written directly. Throws Error(kBadInput) naming the path and the reason (no such folder,
// not writable, is a folder, disk full).
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);  // buffered
  void commit();
  const std::string& path() const { return path_; }
  // The path that bytes go to before commit(); for libraries that insist on opening a file themselves.
  const std::string& temporary_path() const { return temporary_path_; }

 private:
  void flush();
  std::string path_;
  std::string target_path_;  // path_ with symbolic links followed
  std::string temporary_path_;
  std::string buffer_;
  int fd_ = -1;
  bool direct_ = false;
};

// Writes `bytes` to `path` through OutputFile.
void write_file(const std::string& path, std::string_view bytes);

// Makes the folder and those above it that do not exist. Throws Error(kBadInput) naming it.
void make_folder(const std::string& path);

// The whole file. Throws Error(kNotFound) if absent, kBadInput if it is a folder, unreadable or larger than max_bytes.
std::string read_file(const std::string& path, uint64_t max_bytes = uint64_t{1} << 31);

// A file mapped into memory, read-only and private.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);  // errors as read_file
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  // Lets the system drop the memory of `part` of bytes(); when it is read again, it comes from the file again.
  void forget(std::span<const std::byte> part) const;

 private:
  std::string path_;
  std::span<const std::byte> bytes_;
};

}  // namespace manyshot
