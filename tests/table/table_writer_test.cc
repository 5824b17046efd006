#include "table/table_writer.h"

#include <gmock/gmock.h>

#include <cmath>

#include "support/error.h"
#include "support/temporary_folder.h"
#include "table/table_file.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kNames{"row", "a\tname", "x", "list"};
const std::vector<OutputColumn> kColumns{std::vector<int64_t>{0, 1}, std::vector<std::string>{"say \"hi\"", "1,5\t€"},
                                         std::vector<double>{0.123456789, std::nan("")},
                                         std::vector<std::vector<double>>{{1, 0.5}, {}}};

std::string written(const std::string& name, const TableWriterOptions& options) {
  const TemporaryFolder folder;
  const auto writer = open_table_writer(folder / name, kNames, options);
  writer->append(kColumns);
  writer->commit();
  return content_of(folder / name);
}

TEST(TableWriter, WritesCsvAndTabs) {
  EXPECT_EQ(written("t", {.format = TableFormat::kCsv}),
            "row,a\tname,x,list\n0,\"say \"\"hi\"\"\",0.123457,1 0.5\n1,\"1,5\t€\",,\n");
  EXPECT_EQ(written("t", {.format = TableFormat::kTsv}),
            "row\t\"a\tname\"\tx\tlist\n0\t\"say \"\"hi\"\"\"\t0.123457\t1 0.5\n1\t\"1,5\t€\"\t\t\n");
}

TEST(TableWriter, TextInMemoryIsWhatAFileWouldHold) {
  for (const TableFormat format : {TableFormat::kCsv, TableFormat::kTsv, TableFormat::kJsonLines}) {
    std::string text;
    const auto writer = open_text_writer(text, kNames, {.format = format, .digits = 3});
    writer->append(kColumns);
    writer->commit();
    EXPECT_EQ(text, written("t", {.format = format, .digits = 3}));
  }
}

TEST(TableWriter, WritesJsonLines) {
  EXPECT_EQ(written("t", {.format = TableFormat::kJsonLines}),
            "{\"row\":0,\"a\\tname\":\"say \\\"hi\\\"\",\"x\":0.123457,\"list\":[1,0.5]}\n"
            "{\"row\":1,\"a\\tname\":\"1,5\\t€\",\"x\":null,\"list\":[]}\n");
}

TEST(TableWriter, BeginsWithTheMarkOnlyWhereItIsAskedFor) {
  EXPECT_EQ(written("t", {.format = TableFormat::kTsv, .utf8_mark = true}),
            "\xEF\xBB\xBF" + written("t", {.format = TableFormat::kTsv}));
  EXPECT_ERROR(written("t", {.format = TableFormat::kJsonLines, .utf8_mark = true}), ErrorKind::kBadInput,
               HasSubstr("utf8_mark: jsonl has no byte order mark"));
}

TEST(TableWriter, ReadsTheFormatOffTheName) {
  EXPECT_EQ(table_format_of(""), TableFormat::kCsv);
  EXPECT_EQ(table_format_of("/dev/stdout"), TableFormat::kCsv);
  EXPECT_EQ(table_format_of("a.b/results"), TableFormat::kCsv);
  EXPECT_EQ(table_format_of("results.2024-05-01"), TableFormat::kCsv);
  EXPECT_EQ(table_format_of("a.TSV"), TableFormat::kTsv);
  EXPECT_EQ(table_format_of("a.pq"), TableFormat::kParquet);
  EXPECT_EQ(table_format_of("a.ndjson"), TableFormat::kJsonLines);
}

TEST(TableWriter, RefusesWhatItDoesNotWrite) {
  EXPECT_ERROR(table_format_of("p.XLSX"), ErrorKind::kBadInput,
               AllOf(HasSubstr("out: p.XLSX: an Excel workbook is not written"), HasSubstr("--utf8-mark")));
  EXPECT_ERROR(table_format_of("p.csv.gz"), ErrorKind::kBadInput, HasSubstr("compress the file afterwards"));
  EXPECT_ERROR(table_format_of("p.feather"), ErrorKind::kBadInput, HasSubstr("write .parquet"));
  EXPECT_ERROR(open_table_writer("", kNames, {.format = TableFormat::kParquet}), ErrorKind::kBadInput,
               HasSubstr("Parquet needs a file"));
}

TEST(TableWriter, ParquetReadsBack) {
  const TemporaryFolder folder;
  const auto writer = open_table_writer(folder / "t.parquet", {"row", "x"});
  writer->append({kColumns[0], kColumns[2]});
  writer->commit();
  const TableFile file = TableFile::open(folder / "t.parquet");
  EXPECT_THAT(file.column_names(), ElementsAre("row", "x"));
  EXPECT_EQ(file.format_name(), "Parquet");
}

}  // namespace
}  // namespace manyshot
