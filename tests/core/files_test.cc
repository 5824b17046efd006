#include "core/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "support/child_process.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StrEq;

mode_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

TEST(OutputFile, AppearsOnlyWhenComplete) {
  const TemporaryFolder folder;
  OutputFile file(folder / "out.csv");
  file.write("row,prediction\n");
  EXPECT_EQ(folder.names().size(), 1u);
  EXPECT_THAT(folder.names()[0], MatchesRegex("\\.out\\.csv\\.[0-9a-z]+\\.part"));
  EXPECT_EQ(file.temporary_path(), folder / folder.names()[0]);
  file.commit();
  EXPECT_THAT(folder.names(), ElementsAre("out.csv"));
  EXPECT_EQ(content_of(folder / "out.csv"), "row,prediction\n");
  EXPECT_EQ(file.path(), folder / "out.csv");
}

TEST(OutputFile, WithoutCommitTheOldFileStays) {
  const TemporaryFolder folder;
  folder.write("out.csv", "old");
  {
    OutputFile file(folder / "out.csv");
    file.write(std::string(3 << 20, 'x'));
  }
  EXPECT_THAT(folder.names(), ElementsAre("out.csv"));
  EXPECT_EQ(content_of(folder / "out.csv"), "old");
}

TEST(OutputFile, ReplacesAnOlderFileAndKeepsItsPermissions) {
  const TemporaryFolder folder;
  folder.write("out.csv", "a much longer old content");
  chmod((folder / "out.csv").c_str(), 0640);
  write_file(folder / "out.csv", "new");
  EXPECT_EQ(content_of(folder / "out.csv"), "new");
  EXPECT_EQ(mode_of(folder / "out.csv"), 0640u);
}

TEST(OutputFile, NewFilesFollowTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = umask(027);
  write_file(folder / "out.csv", "x");
  umask(before);
  EXPECT_EQ(mode_of(folder / "out.csv"), 0640u);
}

TEST(OutputFile, WritesThroughASymbolicLink) {
  const TemporaryFolder folder;
  folder.write("real/out.csv", "old");
  std::filesystem::create_symlink("real/out.csv", folder / "link.csv");
  write_file(folder / "link.csv", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.csv"));
  EXPECT_EQ(content_of(folder / "real/out.csv"), "new");
}

TEST(OutputFile, LongNamesAndManyBytes) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  const std::string bytes(5 << 20, 'b');
  write_file(folder / name, bytes);
  EXPECT_EQ(content_of(folder / name), bytes);
}

TEST(OutputFile, AnotherLibraryMayWriteTheTemporaryFile) {
  const TemporaryFolder folder;
  OutputFile file(folder / "out.parquet");
  std::ofstream(file.temporary_path()) << "by another hand";
  file.commit();
  EXPECT_EQ(content_of(folder / "out.parquet"), "by another hand");
}

TEST(OutputFile, APathInTheCurrentFolder) {
  const TemporaryFolder folder;
  const ChildEnd end = run_in_child([&] {
    if (chdir(folder.path().c_str()) != 0) _exit(1);
    write_file("out.csv", "here");
  });
  EXPECT_EQ(end.exit_code, 0) << end.standard_error;
  EXPECT_EQ(content_of(folder / "out.csv"), "here");
}

TEST(OutputFile, PipesAreWrittenDirectly) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = content_of(pipe); });
  write_file(pipe, "through the pipe");
  reader.join();
  EXPECT_EQ(received, "through the pipe");
  EXPECT_THAT(folder.names(), ElementsAre("pipe"));
}

TEST(OutputFile, StandardOutputAppendsToWhatTheShellOpened) {
  const TemporaryFolder folder;
  const std::string path = folder.write("all.txt", "before\n");
  for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    const ChildEnd end = run_in_child([&] {
      dup2(open(path.c_str(), O_WRONLY | O_APPEND), STDOUT_FILENO);
      write_file(name, "more\n");
    });
    EXPECT_EQ(end.exit_code, 0) << end.standard_error;
  }
  EXPECT_EQ(content_of(path), "before\nmore\nmore\nmore\n");
  const ChildEnd end = run_in_child([] { write_file("/dev/stderr", "a line"); });
  EXPECT_EQ(end.standard_error, "a line");
}

TEST(OutputFile, UnusablePaths) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  const auto opens = [](const std::string& path) { OutputFile file(path); };
  EXPECT_ERROR(opens(folder / "none/out.csv"), ErrorKind::kBadInput,
               StrEq(folder / "none/out.csv" +
                     ": cannot write: No such file or directory; create the folder first, or give another path"));
  EXPECT_ERROR(opens(folder / "file/out.csv"), ErrorKind::kBadInput,
               StrEq(folder / "file/out.csv" +
                     ": cannot write: Not a directory; create the folder first, or give another path"));
  EXPECT_ERROR(opens(folder.path()), ErrorKind::kBadInput,
               StrEq(folder.path() + ": cannot write: Is a directory; give the path of a file"));
  EXPECT_ERROR(opens(folder / "new/"), ErrorKind::kBadInput,
               StrEq(folder / "new/" + ": cannot write: Is a directory; give the path of a file"));
  EXPECT_ERROR(opens(""), ErrorKind::kBadInput,
               StrEq("\"\": cannot write: No such file or directory; create the folder first, or give another path"));
  EXPECT_ERROR(opens(folder / std::string(256, 'n')), ErrorKind::kBadInput,
               StrEq(folder / std::string(256, 'n') + ": cannot write: File name too long; give a shorter name"));
  EXPECT_ERROR(opens("/proc/manyshot.csv"), ErrorKind::kBadInput,
               StrEq("/proc/manyshot.csv: cannot write: No such file or directory; create the folder first, or give "
                     "another path"));
  EXPECT_ERROR(opens("/dev/fd/987"), ErrorKind::kBadInput,
               StrEq("/dev/fd/987: cannot write: Bad file descriptor; give another path"));
  EXPECT_THAT(folder.names(), ElementsAre("file"));
}

TEST(OutputFile, FilesAndFoldersWithoutPermission) {
  const TemporaryFolder folder;
  folder.write("read_only.csv", "old");
  chmod((folder / "read_only.csv").c_str(), 0444);
  std::filesystem::create_directory(folder / "locked");
  chmod((folder / "locked").c_str(), 0555);
  chmod(folder.path().c_str(), 0777);
  for (const char* name : {"read_only.csv", "locked/out.csv"}) {
    const ChildEnd end = run_in_child([&] {
      if (geteuid() == 0 && setuid(65534) != 0) _exit(1);
      OutputFile file(folder / name);
    });
    EXPECT_EQ(end.standard_error,
              folder / name + ": cannot write: Permission denied; give a path that you may write to");
  }
  EXPECT_EQ(content_of(folder / "read_only.csv"), "old");
}

TEST(OutputFile, AFullDisk) {
  const auto write_full = [](size_t bytes) { write_file("/dev/full", std::string(bytes, 'x')); };
  for (const size_t bytes : {size_t{1}, size_t{3} << 20}) {
    EXPECT_ERROR(
        write_full(bytes), ErrorKind::kBadInput,
        StrEq("/dev/full: cannot write: No space left on device; free some space, or give a path on another disk"));
  }
}

TEST(OutputFile, AFileSizeLimitLeavesNothingBehind) {
  const TemporaryFolder folder;
  const ChildEnd end = run_in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2 << 20, 2 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    write_file(folder / "out.csv", std::string(3 << 20, 'x'));
  });
  EXPECT_EQ(end.exit_code, 99);
  EXPECT_EQ(
      end.standard_error,
      folder / "out.csv" + ": cannot write: File too large; raise the file size limit (ulimit -f), or write less");
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(OutputFile, AReaderThatWentAway) {
  const ChildEnd end = run_in_child([] {
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe(ends) != 0) _exit(1);
    close(ends[0]);
    dup2(ends[1], STDOUT_FILENO);
    write_file("/dev/stdout", "x");
  });
  EXPECT_EQ(end.standard_error, "/dev/stdout: cannot write: Broken pipe; the reader has closed its end");
}

TEST(OutputFile, ATargetThatBecameAFolder) {
  const TemporaryFolder folder;
  OutputFile file(folder / "out.csv");
  std::filesystem::create_directory(folder / "out.csv");
  EXPECT_ERROR(file.commit(), ErrorKind::kBadInput,
               StrEq(folder / "out.csv" + ": cannot write: Is a directory; give the path of a file"));
  EXPECT_THAT(folder.names(), ElementsAre("out.csv"));
}

TEST(ReadFile, ReadsAllBytes) {
  const TemporaryFolder folder;
  const std::string bytes("a\0\r\n\xff", 5);
  EXPECT_EQ(read_file(folder.write("some", bytes)), bytes);
  EXPECT_EQ(read_file(folder.write("none", "")), "");
  const std::string many(5 << 20, 'm');
  EXPECT_EQ(read_file(folder.write("many", many)), many);
  EXPECT_EQ(read_file("/proc/self/comm"), content_of("/proc/self/comm"));  // says that it has 0 bytes
}

TEST(ReadFile, ReadsAPipe) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string bytes(3 << 20, 'p');
  std::thread writer([&] { std::ofstream(pipe) << bytes; });
  EXPECT_EQ(read_file(pipe), bytes);
  writer.join();
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  const TemporaryFolder folder;
  const std::string path = folder.write("big", std::string(2048, 'x'));
  EXPECT_EQ(read_file(path, 2048).size(), 2048u);
  EXPECT_ERROR(
      read_file(path, 2047), ErrorKind::kBadInput,
      StrEq(path + ": is larger than 2.0 KiB, the most that is read of such a file; check that it is the right one"));
  EXPECT_ERROR(
      read_file("/dev/zero", 1 << 20), ErrorKind::kBadInput,
      StrEq("/dev/zero: is larger than 1.0 MiB, the most that is read of such a file; check that it is the right one"));
}

template <class T>
class Reading : public ::testing::Test {};
struct ByReadFile {
  static void open(const std::string& path) { read_file(path); }
};
struct ByMapping {
  static void open(const std::string& path) { MappedFile file(path); }
};
using Readers = ::testing::Types<ByReadFile, ByMapping>;
TYPED_TEST_SUITE(Reading, Readers);

TYPED_TEST(Reading, UnusablePaths) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  const auto opens = [](const std::string& path) { TypeParam::open(path); };
  EXPECT_ERROR(opens(folder / "none"), ErrorKind::kNotFound, StrEq(folder / "none" + ": no such file; check the path"));
  EXPECT_ERROR(opens(folder / "file/none"), ErrorKind::kNotFound,
               StrEq(folder / "file/none" + ": no such file; check the path"));
  EXPECT_ERROR(opens(folder.path()), ErrorKind::kBadInput,
               StrEq(folder.path() + ": is a folder; give the path of a file"));
  chmod((folder / "file").c_str(), 0);
  chmod(folder.path().c_str(), 0777);
  const ChildEnd end = run_in_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(1);
    TypeParam::open(folder / "file");
  });
  EXPECT_EQ(end.standard_error,
            folder / "file" + ": cannot read: Permission denied; check the path and its permissions");
}

TEST(MappedFile, MapsAllBytes) {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("some", "abc"));
  ASSERT_EQ(file.bytes().size(), 3u);
  EXPECT_EQ(std::memcmp(file.bytes().data(), "abc", 3), 0);
  EXPECT_EQ(file.path(), folder / "some");
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const TemporaryFolder folder;
  EXPECT_TRUE(MappedFile(folder.write("none", "")).bytes().empty());
}

TEST(ReadFile, NamesPointersOfGitLfs) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0d5f\nsize 269060552\n");
  const auto names_it = StrEq(path +
                              ": is a Git LFS pointer, not the file itself, whose 269,060,552 bytes were not "
                              "fetched; run git lfs pull where it was cloned, or download the file");
  EXPECT_ERROR(read_file(path), ErrorKind::kCorruptFile, names_it);
  EXPECT_ERROR(MappedFile file(path), ErrorKind::kCorruptFile, names_it);
  EXPECT_EQ(read_file(folder.write("notes", "version 2 of the notes\n")), "version 2 of the notes\n");
}

TEST(MappedFile, RefusesDevices) {
  EXPECT_ERROR(MappedFile file("/dev/zero"), ErrorKind::kBadInput,
               StrEq("/dev/zero: is not a regular file; save it to a file first"));
}

TEST(MakeFolder, MakesTheFoldersAboveToo) {
  const TemporaryFolder folder;
  make_folder(folder / "a/b");
  make_folder(folder / "a/b");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b"));
  EXPECT_ERROR(make_folder(folder.write("file", "") + "/c"), ErrorKind::kBadInput,
               HasSubstr("cannot make this folder"));
}

}  // namespace
}  // namespace manyshot
