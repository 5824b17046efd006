#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/files.h"

namespace manyshot {

FolderLock::FolderLock(const std::string& folder) {
  make_folder(folder);
  fd_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ < 0) fail(ErrorKind::kBadInput, "{}: cannot open this folder: {}", folder, std::strerror(errno));
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  close(fd_);
  fail(ErrorKind::kBadInput, "{}: another process is working in it; wait until it has ended, or choose another --out",
       folder);
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace manyshot
