// A folder for the files of one test, and the bytes of a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// A new folder, removed with all that is in it at the end of the object's life.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  // The path of a file or folder of that name there.
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes a file, and the folders above it; returns its path.
  std::string write(std::string_view name, std::string_view bytes) const;
  // Names of all that is there, hidden files too, in the order of their bytes.
  std::vector<std::string> names() const;

 private:
  std::string path_;
};

// All bytes of a file; "" when it cannot be read. By the standard library alone: core/files.h is tested with it.
std::string content_of(const std::string& path);

// The lines of a text, without their ends.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace manyshot
