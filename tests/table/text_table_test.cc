#include "table/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

TableFile opened(TextTable table) {
  return TableFile::from_text(std::make_shared<const TextTable>(std::move(table)), "rows");
}

TEST(TextTable, HasTheCellsOfItsFile) {
  const TableFile file = table_of("id;x;tone\n1;2,5;rot\n2;;\"  \"\n3;NA;blau\n");
  const TableFile part = opened(TextTable::of(file, std::vector<std::string>{"tone", "x"}));
  EXPECT_EQ(cells_of(part), Cells({{"rot", "2,5"}, {"<missing>", "<missing>"}, {"blau", "NA"}}));
  EXPECT_TRUE(part.semicolon_separated());
  const Schema of_file = infer_schema(file), of_part = infer_schema(part);
  EXPECT_EQ(of_part.columns[1].type, of_file.columns[1].type);
  EXPECT_EQ(of_part.columns[0].categories, of_file.columns[2].categories);
  EXPECT_ERROR(TextTable::of(file, std::vector<std::string>{"size"}), ErrorKind::kNotFound, "no column \"size\"");
}

TEST(TextTable, IsReadAsItWasWritten) {
  TextTable table = TextTable::of(table_of("x,y\n1,größe\n,b\n"), std::vector<std::string>{"x", "y"});
  table.append(table_of("z,y,x\n0,c,5\n"));
  table.columns[1].is_text = true;
  ByteWriter writer;
  table.write(writer);
  const std::string bytes = writer.take();
  ByteReader reader(bytes, "rows");
  const TableFile again = opened(TextTable::read(reader));
  reader.expect_end();
  EXPECT_EQ(cells_of(again), Cells({{"1", "größe"}, {"<missing>", "b"}, {"5", "c"}}));
  EXPECT_TRUE(again.is_text_column(1));
  EXPECT_FALSE(again.is_text_column(0));
  EXPECT_EQ(again.column_names(), (std::vector<std::string>{"x", "y"}));
}

TEST(TextTable, DamagedBytesAreRefused) {
  const TextTable table = TextTable::of(table_of("x,y\n1,a\n2,b\n"), std::vector<std::string>{"x", "y"});
  ByteWriter writer;
  table.write(writer);
  const std::string bytes = writer.take();
  const auto expect = [](const std::string& changed, const std::string& message) {
    EXPECT_ERROR(
        {
          ByteReader reader(changed, "m.msfit: part \"rows\"");
          TextTable::read(reader);
          reader.expect_end();
        },
        ErrorKind::kCorruptFile, message);
  };
  for (size_t size = 0; size < bytes.size(); ++size) expect(bytes.substr(0, size), "ends early");
  expect(bytes + "x", "bytes that do not belong to it");
  std::string many_rows = bytes;
  many_rows[8] = '\x7f';
  expect(many_rows, "ends early");
  std::string no_text = bytes;
  no_text.back() = '\xff';
  expect(no_text, "not UTF-8");
  std::string other_lengths = bytes;
  const size_t first_length = 1 + 8 + 8 + 8 + 1 + 1;
  other_lengths[first_length] = 2;
  expect(other_lengths, "cells that do not fit their lengths");
}

}  // namespace
}  // namespace manyshot::testing
