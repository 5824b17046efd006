// The folder that a client may read and write in, and no other.
#pragma once

#include <filesystem>
#include <string>

namespace manyshot::mcp {

class RootFolder {
 public:
  // Throws Error(kNotFound) where there is no such folder.
  explicit RootFolder(const std::string& path);

  // The file or folder of a path that a client gave, from the root or absolute, symbolic links followed. Throws
  // Error(kBadInput) where that is outside, and kNotFound where it does not exist.
  std::string existing(const std::string& path) const;
  // A file that is to be written, in a folder that exists. Throws Error(kBadInput) where it would be outside.
  std::string writable(const std::string& path) const;
  const std::string& path() const { return path_; }

 private:
  std::filesystem::path resolve(const std::string& path) const;

  std::string path_;  // absolute, without links
};

}  // namespace manyshot::mcp
