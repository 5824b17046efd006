#include "mcp/root_folder.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::mcp {
namespace {

namespace fs = std::filesystem;

}  // namespace

RootFolder::RootFolder(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error || !fs::is_directory(canonical))
    fail(ErrorKind::kNotFound, "--root {}: no such folder; give the one that tables are in", path);
  path_ = canonical.string();
}

// Links are followed as far as the path exists; what does not is taken as it stands.
fs::path RootFolder::resolve(const std::string& path) const {
  std::error_code error;
  const bool is_text = !path.empty() && path.find('\0') == std::string::npos;
  const fs::path resolved = is_text ? fs::weakly_canonical(fs::path(path_) / path, error) : fs::path();
  if (resolved.empty() || error) fail(ErrorKind::kBadInput, "{}: this is no path", excerpt(path));
  const fs::path root(path_);
  const auto [root_end, rest] = std::mismatch(root.begin(), root.end(), resolved.begin(), resolved.end());
  if (root_end != root.end()) {
    fail(ErrorKind::kBadInput,
         "{}: outside the folder that this server was given; give a path inside it, or start manyshot mcp with another "
         "--root",
         excerpt(path, 200));
  }
  return resolved;
}

std::string RootFolder::existing(const std::string& path) const {
  const fs::path resolved = resolve(path);
  std::error_code error;
  if (!fs::exists(resolved, error)) {
    fail(ErrorKind::kNotFound, "{}: no such file in the folder that this server was given", excerpt(path, 200));
  }
  return resolved.string();
}

std::string RootFolder::writable(const std::string& path) const {
  const fs::path resolved = resolve(path);
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(resolved, error)))  // one that leads nowhere yet
    fail(ErrorKind::kBadInput, "{}: a symbolic link; give the path of a file", excerpt(path, 200));
  if (!fs::is_directory(resolved.parent_path(), error))
    fail(ErrorKind::kBadInput, "{}: there is no such folder to write in", excerpt(path, 200));
  if (fs::is_directory(resolved, error)) fail(ErrorKind::kBadInput, "{}: this is a folder", excerpt(path, 200));
  return resolved.string();
}

}  // namespace manyshot::mcp
