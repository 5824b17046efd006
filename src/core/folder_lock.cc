#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace manyshot {

FolderLock::FolderLock(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail(ErrorKind::kBadInput, "{}: cannot make this folder: {}", folder, error.message());
  fd_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ < 0) fail(ErrorKind::kBadInput, "{}: cannot open this folder: {}", folder, std::strerror(errno));
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  close(fd_);
  fail(ErrorKind::kBadInput, "{}: another process is working in it; wait until it has ended, or choose another --out",
       folder);
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace manyshot
