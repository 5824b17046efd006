// One process at a time in a folder.
#pragma once

#include <string>

namespace manyshot {

// Held from construction to destruction, or to the end of the process, however it ends. Leaves no file behind: the
// folder itself is locked. File systems that know no locks give none.
class FolderLock {
 public:
  // Makes the folder when it does not exist. Throws Error(kBadInput) when that fails, and when somebody else holds the
  // lock.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace manyshot
