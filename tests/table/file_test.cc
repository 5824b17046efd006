// Tables on disk: what the path itself can get wrong, and compressed files.
#include <arrow/util/compression.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/error.h"
#include "support/temporary_folder.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class TableOnDisk : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) const { return folder_.write(name, bytes); }
  const TemporaryFolder folder_;
};

std::string compressed(const std::string& text, arrow::Compression::type type) {
  const auto codec = *arrow::util::Codec::Create(type);
  const auto* input = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  std::string bytes(static_cast<size_t>(codec->MaxCompressedLen(size, input)), '\0');
  bytes.resize(static_cast<size_t>(
      *codec->Compress(size, input, static_cast<int64_t>(bytes.size()), reinterpret_cast<uint8_t*>(bytes.data()))));
  return bytes;
}

TEST_F(TableOnDisk, PlainAndCompressed) {
  const std::string text = "a,b\n1,x\n2,y\n";
  const Cells expected = {{"1", "x"}, {"2", "y"}};
  EXPECT_EQ(cells_of(TableFile::open(write("t.csv", text))), expected);
  EXPECT_EQ(cells_of(TableFile::open(write("t.csv.gz", compressed(text, arrow::Compression::GZIP)))), expected);
  EXPECT_EQ(cells_of(TableFile::open(write("t.csv.zst", compressed(text, arrow::Compression::ZSTD)))), expected);
  EXPECT_EQ(cells_of(TableFile::open(write("named_csv.csv", compressed(text, arrow::Compression::GZIP)))), expected);
}

TEST_F(TableOnDisk, CutCompressedFile) {
  std::string text = "a,b\n";
  for (int row = 0; row < 200'000; ++row) text += std::to_string(row * 7919 % 100'003) + ",x\n";
  std::string bytes = compressed(text, arrow::Compression::GZIP);
  bytes.resize(bytes.size() / 2);
  const std::string path = write("t.csv.gz", bytes);
  EXPECT_ERROR(cells_of(TableFile::open(path)), ErrorKind::kCorruptFile, "cut or damaged");
}

TEST_F(TableOnDisk, PathsThatAreNoTable) {
  write("customers.csv", "a,b\n1,2\n");
  EXPECT_ERROR(TableFile::open(folder_ / "custmers.csv"), ErrorKind::kNotFound,
               AllOf(HasSubstr("custmers.csv: no such file"), HasSubstr("did you mean \"customers.csv\"")));
  EXPECT_ERROR(TableFile::open(folder_.path()), ErrorKind::kBadInput, "this is a folder");
  EXPECT_ERROR(TableFile::open(write("empty.csv", "")), ErrorKind::kBadInput, "the file is empty");
  const std::string pipe = folder_ / "pipe.csv";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_ERROR(TableFile::open(pipe), ErrorKind::kBadInput, "not a regular file");
}

TEST_F(TableOnDisk, Unreadable) {
  const std::string path = write("secret.csv", "a,b\n1,2\n");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  const uid_t user = geteuid();
  if (user == 0) {
    ASSERT_EQ(seteuid(65534), 0) << "root may read everything, so try as nobody";
  }
  EXPECT_ERROR(TableFile::open(path), ErrorKind::kBadInput, "check its permissions");
  ASSERT_EQ(seteuid(user), 0);
}

TEST_F(TableOnDisk, NamedParquetButIsNot) {
  EXPECT_ERROR(TableFile::open(write("t.parquet", "a,b\n1,2\n")), ErrorKind::kCorruptFile, "named like a Parquet file");
}

}  // namespace
}  // namespace manyshot::testing
