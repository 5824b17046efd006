#include "mcp/root_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::mcp {
namespace {

namespace fs = std::filesystem;

class RootFolderTest : public ::testing::Test {
 protected:
  RootFolderTest() {
    folder_.write("root/table.csv", "a\n1\n");
    folder_.write("root/inner/other.csv", "a\n1\n");
    folder_.write("secret.csv", "a\n1\n");
    folder_.write("root-2/near.csv", "a\n1\n");
    fs::create_symlink("../secret.csv", folder_ / "root/link.csv");
    fs::create_directory_symlink("..", folder_ / "root/up");
    fs::create_symlink("inner/other.csv", folder_ / "root/fine.csv");
    fs::create_symlink("../new.csv", folder_ / "root/dangling.csv");
  }
  void expect_refused(const std::string& path, const std::string& message) const {
    const RootFolder root(folder_ / "root");
    EXPECT_ERROR(root.existing(path), ErrorKind::kBadInput, message) << path;
    EXPECT_ERROR(root.writable(path), ErrorKind::kBadInput, message) << path;
  }
  TemporaryFolder folder_;
};

TEST_F(RootFolderTest, GivesWhatIsInside) {
  const RootFolder root(folder_ / "root");
  const std::string base = fs::canonical(folder_ / "root").string();
  EXPECT_EQ(root.existing("table.csv"), base + "/table.csv");
  EXPECT_EQ(root.existing("inner/../table.csv"), base + "/table.csv");
  EXPECT_EQ(root.existing(base + "/inner/other.csv"), base + "/inner/other.csv");
  EXPECT_EQ(root.existing("fine.csv"), base + "/inner/other.csv");
  EXPECT_EQ(root.writable("inner/new.csv"), base + "/inner/new.csv");
}

TEST_F(RootFolderTest, RefusesWhatIsOutside) {
  for (const std::string path : {"../secret.csv", "link.csv", "up/secret.csv", "/etc/passwd", "..", "inner/../../x"})
    expect_refused(path, "outside the folder that this server was given");
  expect_refused(folder_ / "root-2/near.csv", "outside the folder");
  expect_refused("", "this is no path");
  expect_refused(std::string("table.csv\0/../../x", 18), "this is no path");
}

TEST_F(RootFolderTest, RefusesWhatCannotBeReadOrWritten) {
  const RootFolder root(folder_ / "root");
  EXPECT_ERROR(root.existing("none.csv"), ErrorKind::kNotFound, "none.csv: no such file in the folder");
  EXPECT_ERROR(root.writable("none/new.csv"), ErrorKind::kBadInput, "there is no such folder to write in");
  EXPECT_ERROR(root.writable("inner"), ErrorKind::kBadInput, "this is a folder");
  EXPECT_ERROR(root.writable("dangling.csv"), ErrorKind::kBadInput, "a symbolic link");
  EXPECT_ERROR(RootFolder(folder_ / "none"), ErrorKind::kNotFound, "no such folder");
}

}  // namespace
}  // namespace manyshot::mcp
