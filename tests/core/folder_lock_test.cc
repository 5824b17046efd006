#include "core/folder_lock.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>

#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

TEST(FolderLock, OneAtATimeAndLeavesNothing) {
  const TemporaryFolder folder;
  std::optional<FolderLock> first(std::in_place, folder.path());
  EXPECT_ERROR(FolderLock(folder.path()), ErrorKind::kBadInput, HasSubstr("another process is working in it"));
  first.reset();
  first.emplace(folder.path());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderLock, MakesTheFolder) {
  const TemporaryFolder folder;
  const FolderLock lock(folder / "runs/a");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "runs/a"));
  EXPECT_ERROR(FolderLock(folder.write("file", "x")), ErrorKind::kBadInput, HasSubstr("cannot"));
}

}  // namespace
}  // namespace manyshot
