#include "cli/open_text.h"

#include <filesystem>

#include "core/error.h"

namespace manyshot {

std::ifstream open_text(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    fail(ErrorKind::kBadInput, "{}: is a folder; give the path of a file", path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(ErrorKind::kNotFound, "{}: cannot open this file; check the path", path);
  return file;
}

}  // namespace manyshot
