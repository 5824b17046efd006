#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/rng.h"
#include "support/error.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::StrEq;

const Cells kTwoByTwo = {{"1", "x"}, {"2", "y"}};

TEST(CsvDialect, Delimiters) {
  EXPECT_EQ(cells_of(table_of("a,b\n1,x\n2,y\n")), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("a;b\n1;x\n2;y\n")), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("a\tb\n1\tx\n2\ty\n")), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("a|b\n1|x\n2|y\n")), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("a:b\n1:x\n2:y\n", {.delimiter = ":"})), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("a\tb\n1\tx\n2\ty\n", {.delimiter = "tab"})), kTwoByTwo);
  EXPECT_EQ(table_of("a;b\n1;x\n").format_name(), "CSV, semicolon, UTF-8");
}

TEST(CsvDialect, SpaceAlignedColumns) {
  const std::string text = "  height   weight name\n   1.85     90.5 \"Jo  Ann\"\n   1.7      60   Ben  \n";
  const TableFile file = table_of(text);
  EXPECT_THAT(file.column_names(), ElementsAre("height", "weight", "name"));
  EXPECT_EQ(cells_of(file), (Cells{{"1.85", "90.5", "Jo  Ann"}, {"1.7", "60", "Ben"}}));
  EXPECT_EQ(file.format_name(), "CSV, spaces, UTF-8");
}

TEST(CsvDialect, QuotesInSpaceAlignedColumns) {
  const std::string text = "id size  name\n1  5\"   \"a \"\"b\"\"  c\"\n2  7    x\n3  8    y\n";
  EXPECT_EQ(cells_of(table_of(text)), (Cells{{"1", "5\"", "a \"b\"  c"}, {"2", "7", "x"}, {"3", "8", "y"}}));
}

TEST(CsvDialect, OneColumnOfWordsIsNotSpaceAligned) {
  EXPECT_EQ(cells_of(table_of("full name\nAda Lovelace\nAlan Turing\n")), (Cells{{"Ada Lovelace"}, {"Alan Turing"}}));
}

TEST(CsvDialect, DelimiterInsideCells) {
  EXPECT_EQ(cells_of(table_of("n,t\n1,a;b;c\n2,d;e;f\n")), (Cells{{"1", "a;b;c"}, {"2", "d;e;f"}}));
  EXPECT_EQ(cells_of(table_of("n;t\n3,14;a\n2,71;b\n")), (Cells{{"3,14", "a"}, {"2,71", "b"}}));
  EXPECT_EQ(cells_of(table_of("n,t\n1,\"a,b\"\n")), (Cells{{"1", "a,b"}}));
}

TEST(CsvDialect, Quotes) {
  EXPECT_EQ(cells_of(table_of("a,b\n\"say \"\"hi\"\"\",\"two\nlines\"\n")), (Cells{{"say \"hi\"", "two\nlines"}}));
  EXPECT_EQ(cells_of(table_of("a,b\n'x, y','z'\n'it''s','w'\n")), (Cells{{"x, y", "z"}, {"it's", "w"}}));
  EXPECT_EQ(cells_of(table_of("'a','b'\n'x','z'\n")), (Cells{{"x", "z"}}));
  EXPECT_EQ(cells_of(table_of("a,b\nit's,5\" pipe\n'tis,x\n")), (Cells{{"it's", "5\" pipe"}, {"'tis", "x"}}));
  EXPECT_EQ(cells_of(table_of("a,b\n\"say \\\"hi, you\\\"\",x\n\"plain\",y\n")),
            (Cells{{"say \"hi, you\"", "x"}, {"plain", "y"}}));
  EXPECT_EQ(cells_of(table_of("a,b\nC:\\dir\\,\"D:\\\"\n")), (Cells{{"C:\\dir\\", "D:\\"}}));
}

TEST(CsvDialect, BlanksAroundQuotes) {
  const TableFile file = table_of("a, \"b\", \"y\"\n1, \"2,5\", \"q\"\n3, \"say \"\"hi\"\"\" ,\"p\"\n");
  EXPECT_THAT(file.column_names(), ElementsAre("a", "b", "y"));
  EXPECT_EQ(cells_of(file), (Cells{{"1", "2,5", "q"}, {"3", "say \"hi\"", "p"}}));
  EXPECT_EQ(cells_of(table_of("a,b\n1, 5\" pipe\n2, \"x\" y\n")), (Cells{{"1", " 5\" pipe"}, {"2", " \"x\" y"}}))
      << "quotes that are text";
  EXPECT_EQ(cells_of(table_of("a,b\n1, x\n2, y\n")), (Cells{{"1", " x"}, {"2", " y"}})) << "blanks without quotes";
}

TEST(CsvDialect, BlankSeparatedCodes) {
  const TableFile codes = table_of("status months purpose y\nA12 42 A41 bad\nA11 37 A47 bad\nA14 19 A41 good\n");
  EXPECT_THAT(codes.column_names(), ElementsAre("status", "months", "purpose", "y"));
  const TableFile words = table_of("status purpose\nA12 A41\nA11 A47\n");
  EXPECT_EQ(words.column_names().size(), 1u);
  EXPECT_THAT(words.notes(), ElementsAre(HasSubstr("--delimiter space")));
}

TEST(CsvDialect, SepLine) {
  for (const char* line : {"sep=;\n", "SEP=;\r\n", "\"sep=;\"\n"}) {
    const TableFile file = table_of(line + std::string("a;b\n1;x\n2;y\n"));
    EXPECT_THAT(file.column_names(), ElementsAre("a", "b"));
    EXPECT_EQ(cells_of(file), kTwoByTwo);
    EXPECT_THAT(file.notes(), ElementsAre(HasSubstr("names the delimiter")));
  }
  EXPECT_EQ(cells_of(table_of("sep=:\na:b\n1:x\n2:y\n")), kTwoByTwo);
  EXPECT_ERROR(cells_of(table_of("sep=;\na;b\n1;2;3\n4;5\n")), ErrorKind::kBadInput, StartsWith("t.csv:3:"));
}

TEST(CsvDialect, Comments) {
  const TableFile file = table_of("# made by x, y, z\n# 2024\na,b\n1,x\n# half way\n2,y\n");
  EXPECT_THAT(file.column_names(), ElementsAre("a", "b"));
  EXPECT_EQ(cells_of(file), kTwoByTwo);
  EXPECT_THAT(file.notes(), ElementsAre(HasSubstr("2 lines that start with #")));
  EXPECT_THAT(table_of("##meta\n#CHROM\tPOS\n1\t5\n2\t6\n").column_names(), ElementsAre("#CHROM", "POS"));
  EXPECT_THAT(table_of("#id,name\n1,x\n2,y\n").column_names(), ElementsAre("#id", "name"));
  const TableFile inside = table_of("a,b\n1,x\n# half way\n2,y\n");
  EXPECT_EQ(cells_of(inside), kTwoByTwo);
  EXPECT_THAT(inside.notes(), ElementsAre(HasSubstr("comments")));
  EXPECT_EQ(cells_of(table_of("a,b\n1,x\n#2,y\n")), (Cells{{"1", "x"}, {"#2", "y"}})) << "a row";
  EXPECT_EQ(cells_of(table_of("# c\na,b\n\"1\n# no comment\",x\n")), (Cells{{"1\n# no comment", "x"}}));
  // Without a line end below there is nothing to leave out.
  EXPECT_EQ(cells_of(table_of("#a,b\r1,x\r2,y\r")), (Cells{{"1", "x"}, {"2", "y"}}));
  EXPECT_EQ(error_of([] { cells_of(table_of("#a,b")); }).kind(), ErrorKind::kBadInput);
}

TEST(CsvDialect, RowNamesAsRWritesThem) {
  for (const char* text : {"\"a\",\"b\"\n\"1\",1,\"x\"\n\"2\",2,\"y\"\n", "\"a\" \"b\"\n\"1\" 1 \"x\"\n\"2\" 2 \"y\"\n",
                           "a\tb\nr1\t1\tx\nr2\t2\ty\n"}) {
    const TableFile file = table_of(text);
    EXPECT_THAT(file.column_names(), ElementsAre("row_names", "a", "b")) << text;
    EXPECT_EQ(cells_of(file)[1].at(2), "y");
    EXPECT_THAT(file.notes(), ElementsAre(HasSubstr("row's name")));
    EXPECT_TRUE(file.is_index_column(0));
    EXPECT_EQ(infer_schema(file).columns[0].row_label, RowLabel::kIndex);
  }
  EXPECT_ERROR(cells_of(table_of("a,b\n1,2,3\n")), ErrorKind::kBadInput, "has 3 cells") << "one row tells nothing";
  const TableFile one = table_of("\"x\"\n\"1\" 5\n\"2\" 6\n");
  EXPECT_THAT(one.column_names(), ElementsAre("row_names", "x"));
}

TEST(CsvDialect, TrailingDelimiters) {
  const TableFile file = table_of("a,b\n1,x,\n2,y,\n");
  EXPECT_THAT(file.column_names(), ElementsAre("a", "b", "column_3"));
  EXPECT_EQ(cells_of(file)[1], (std::vector<std::string>{"2", "y", "<missing>"}));
}

TEST(CsvDialect, LineEndsAndByteOrderMark) {
  EXPECT_EQ(cells_of(table_of("a,b\r\n1,x\r\n2,y\r\n")), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("a,b\r1,x\r2,y")), kTwoByTwo);
  EXPECT_EQ(cells_of(table_of("\n\na,b\n\n1,x\n2,y\n\n\n")), kTwoByTwo);
  EXPECT_THAT(table_of("\xEF\xBB\xBF"
                       "a,b\n1,x\n2,y\n")
                  .column_names(),
              ElementsAre("a", "b"));
}

std::string utf16(std::string_view ascii, bool little_endian) {
  std::string bytes = little_endian ? "\xFF\xFE" : "\xFE\xFF";
  for (const char c : ascii) bytes += little_endian ? std::string{c, '\0'} : std::string{'\0', c};
  return bytes;
}

TEST(CsvEncoding, Utf16ByItsMark) {
  for (const bool little_endian : {true, false}) {
    const TableFile file = table_of(utf16("a,b\n1,x\n2,y\n", little_endian));
    EXPECT_THAT(file.column_names(), ElementsAre("a", "b"));
    EXPECT_EQ(cells_of(file), kTwoByTwo);
  }
}

TEST(CsvEncoding, NamedEncodings) {
  EXPECT_EQ(cells_of(table_of("a,b\nJos\xE9,\x80\n", {.encoding = "windows-1252"})), (Cells{{"José", "€"}}));
  EXPECT_EQ(cells_of(table_of("a,b\nJos\xE9,1\n", {.encoding = "latin1"})), (Cells{{"José", "1"}}));
  EXPECT_EQ(cells_of(table_of("a,b\nJos\xC3\xA9,1\n", {.encoding = "utf8"})), (Cells{{"José", "1"}}));
}

// Characters of every length on every offset around the converter's chunk borders.
TEST(CsvEncoding, CharactersAcrossChunks) {
  for (size_t shift = 0; shift < 4; ++shift) {
    std::string text = "a,b\n" + std::string(shift, 'x');
    for (int i = 0; i < 40'000; ++i) text += "é€😀";
    text += ",1\n";
    std::string bytes = "\xFF\xFE";
    for (size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      uint32_t code = length == 1 ? lead : lead & (0xFF >> (length + 1));
      for (size_t k = 1; k < length; ++k) code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
      const auto put = [&](uint32_t unit) { bytes += {static_cast<char>(unit & 0xFF), static_cast<char>(unit >> 8)}; };
      if (code < 0x10000) {
        put(code);
      } else {
        put(0xD800 + ((code - 0x10000) >> 10));
        put(0xDC00 + ((code - 0x10000) & 0x3FF));
      }
      i += length;
    }
    const Cells cells = cells_of(table_of(bytes));
    ASSERT_EQ(cells.size(), 1u);
    EXPECT_EQ("a,b\n" + cells[0][0] + ",1\n", text);
  }
}

TEST(CsvNames, EmptyAndRepeatedNames) {
  const TableFile file = table_of("a,,a, b ,a_2,\n1,2,3,4,5,6\n");
  EXPECT_THAT(file.column_names(), ElementsAre("a", "column_2", "a_3", "b", "a_2", "column_6"));
  EXPECT_THAT(file.notes(), ElementsAre(HasSubstr("\"column_2\""), HasSubstr("\"a_3\"")));
  EXPECT_THAT(table_of("column_2,\n1,2\n").column_names(), ElementsAre("column_2", "column_2_2"));
}

TEST(CsvNames, HeaderLikeData) {
  EXPECT_THAT(table_of("1,2\n3,4\n").notes(), ElementsAre(HasSubstr("looks like values")));
  EXPECT_THAT(table_of("red,yes\nblue,no\nred,yes\n").notes(), ElementsAre(HasSubstr("looks like values")));
  EXPECT_THAT(table_of("colour,ok\nblue,no\n").notes(), ElementsAre());
}

TEST(CsvNames, HeaderLikeMixedData) {
  const TableFile file = table_of("28, Private, 351277, >50K\n26, Private, 662636, >50K\n79, State, 23, <=50K\n");
  EXPECT_THAT(file.notes(), ElementsAre(HasSubstr("--no-header")));
  EXPECT_ERROR(file.column_index("y"), ErrorKind::kNotFound, "--no-header");
  EXPECT_THAT(table_of("country,2019,2020\nFR,1,2\nDE,3,4\n").notes(), ElementsAre()) << "years are names";
}

TEST(CsvNames, WithoutAHeader) {
  const TableFile file = table_of("1,x\n2,y\n", {.has_header = false});
  EXPECT_THAT(file.column_names(), ElementsAre("column_1", "column_2"));
  EXPECT_EQ(cells_of(file), kTwoByTwo);
  EXPECT_EQ(cells_of(file), kTwoByTwo) << "again";
  EXPECT_THAT(file.notes(), ElementsAre("read without a header: the columns are called column_1 to column_2"));
  std::string text;
  for (int row = 0; row < 100'000; ++row) text += fmt::format("{},{}\n", row, row % 7);
  EXPECT_EQ(cells_of(table_of(text, {.has_header = false})).size(), 100'000u);
}

TEST(CsvNames, UnknownColumn) {
  const TableFile file = table_of("income,age\n1,2\n");
  EXPECT_EQ(file.column_index("age"), 1u);
  EXPECT_ERROR(
      file.column_index("incom"), ErrorKind::kNotFound,
      AllOf(StartsWith("t.csv: no column \"incom\""), HasSubstr("did you mean \"income\""), HasSubstr("\"age\"")));
}

TEST(CsvSize, LongCellsAndManyColumns) {
  const std::string cell(3'000'000, 'x');
  EXPECT_EQ(cells_of(table_of("a,b\n1," + cell + "\n2,\"" + cell + "\n\"\n")),
            (Cells{{"1", cell}, {"2", cell + "\n"}}));

  EXPECT_EQ(table_of(cell + ",b\n1,2\n").column_names()[0], cell);

  std::string header, row;
  for (size_t i = 0; i < 10'000; ++i) {
    header += fmt::format("{}c{}", i ? "," : "", i);
    row += fmt::format("{}{}", i ? "," : "", i);
  }
  const TableFile file = table_of(header + "\n" + row + "\n" + row + "\n");
  EXPECT_EQ(file.column_names().size(), 10'000u);
  EXPECT_EQ(cells_of(file)[1][9'999], "9999");
}

TEST(CsvSize, TooManyColumns) {
  std::string header = "c";
  for (size_t i = 0; i < kMaxColumns; ++i) header += ",c";
  EXPECT_ERROR(
      table_of(header + "\n" + header + "\n"), ErrorKind::kBadInput,
      StrEq(
          "t.csv: 20,001 columns, but at most 20,000 are read; keep the columns that matter, or check the delimiter"));
}

// Blocks are read in pieces: rows are numbered through, and a visitor may stop early.
TEST(CsvScan, ManyBlocks) {
  std::string text = "a,b\n";
  for (int row = 0; row < 300'000; ++row) text += fmt::format("{},{}\n", row, row % 7);
  const TableFile file = table_of(text);
  const std::vector<size_t> columns = {1, 0};
  uint64_t rows = 0;
  file.scan(columns, [&](const TextBatch& batch) {
    EXPECT_EQ(batch.first_row, rows);
    for (size_t i = 0; i < batch.num_rows; ++i, ++rows) {
      EXPECT_EQ(batch.cells[1][i], fmt::format("{}", rows));
      EXPECT_EQ(batch.cells[0][i], fmt::format("{}", rows % 7));
    }
    return true;
  });
  EXPECT_EQ(rows, 300'000u);
  int visits = 0;
  file.scan(columns, [&](const TextBatch&) { return ++visits < 2; });
  EXPECT_EQ(visits, 2);
}

TEST(CsvErrors, RaggedRows) {
  EXPECT_ERROR(
      cells_of(table_of("a,b,c\n1,2,3\n\n4,5\n6,7,8\n")), ErrorKind::kBadInput,
      StrEq("t.csv:4: row 1 (counted from 0) has 2 cells, the header has 3: \"4,5\"; add the cells that are not there "
            "(a missing value "
            "is an empty cell)"));
  EXPECT_ERROR(
      cells_of(table_of("a,b\n\"two\nlines\",2\n3,4,5\n")), ErrorKind::kBadInput,
      StrEq("t.csv:4: row 1 (counted from 0) has 3 cells, the header has 2: \"3,4,5\"; put cells that contain the "
            "delimiter (comma) in "
            "quotes, or name the right one with --delimiter"));
}

TEST(CsvErrors, RaggedRowFarDown) {
  std::string text = "a,b\n";
  for (int row = 0; row < 200'000; ++row) text += "12345,6\n";
  const TableFile file = table_of(text + "7\n8,9\n");
  EXPECT_ERROR(cells_of(file), ErrorKind::kBadInput,
               StartsWith("t.csv:200002: row 200000 (counted from 0) has 1 cells"));
}

TEST(CsvErrors, UnclosedQuote) {
  EXPECT_ERROR(
      cells_of(table_of("a,b\n1,x\n2,\"y\n3,z\n")), ErrorKind::kBadInput,
      StrEq("t.csv:3: row 1 (counted from 0) starts here and does not end (the file ends inside a quoted cell): "
            "\"2,\"y\"; close the "
            "quote (\"), or double it if it belongs to the text"));
  EXPECT_ERROR(table_of("a,\"b\n1,x\n"), ErrorKind::kBadInput,
               StartsWith("t.csv:1: the header starts here and does not end"));
}

TEST(CsvErrors, RowWithoutEnd) {
  EXPECT_ERROR(table_of("a,b\n1,\"" + std::string(size_t{70} << 20, 'x')), ErrorKind::kBadInput,
               "no end within 64.0 MiB");
}

TEST(CsvErrors, NotUtf8) {
  EXPECT_ERROR(
      cells_of(table_of("name,city\nAnn,Rome\nJos\xE9,Lyon\n")), ErrorKind::kBadInput,
      StrEq("t.csv:3: row 1 (counted from 0), column 1 \"name\": the bytes E9 after \"Jos\" are not UTF-8; name the "
            "file's encoding, for "
            "example --encoding latin1 or --encoding windows-1252"));
  EXPECT_ERROR(table_of("ann\xE9"
                        "e,city\nx,y\n"),
               ErrorKind::kBadInput, StartsWith("t.csv:1: the header, column 1: the bytes E9"));
}

TEST(CsvErrors, Encodings) {
  EXPECT_ERROR(table_of("a\n1\n", {.encoding = "latn1"}), ErrorKind::kBadInput,
               AllOf(StartsWith("t.csv: unknown encoding \"latn1\""), HasSubstr("windows-1252")));
  EXPECT_ERROR(
      cells_of(table_of("a,b\n1,2\n3,\x81\n", {.encoding = "windows-1252"})), ErrorKind::kBadInput,
      StrEq("t.csv:3: the bytes 81 0A are not windows-1252 text; give the file's real encoding with --encoding NAME"));
  EXPECT_ERROR(table_of(utf16("a,b\n1,2\n", true) + "x"), ErrorKind::kBadInput, "ends inside a character");
}

TEST(CsvErrors, Delimiters) {
  for (const char* name : {"", ",,", "\"", "\n", "é", "comma?"}) {
    EXPECT_ERROR(table_of("a,b\n1,2\n", {.delimiter = name}), ErrorKind::kBadInput, "cannot be the delimiter") << name;
  }
}

TEST(CsvErrors, NothingToRead) {
  EXPECT_ERROR(table_of(""), ErrorKind::kBadInput, StartsWith("t.csv: the file is empty"));
  EXPECT_ERROR(table_of("\n\n"), ErrorKind::kBadInput, StartsWith("t.csv: the file has no text"));
  EXPECT_ERROR(table_of("a,b\n"), ErrorKind::kBadInput,
               StrEq("t.csv: the file has a header (\"a\", \"b\") but no rows; add at least one line of values"));
}

TEST(CsvErrors, OtherFormats) {
  using namespace std::string_literals;
  EXPECT_ERROR(table_of("PK\x03\x04rest"), ErrorKind::kUnsupported, "Excel");
  EXPECT_ERROR(table_of("\xD0\xCF\x11\xE0rest"), ErrorKind::kUnsupported, "old Excel");
  EXPECT_ERROR(table_of("%PDF-1.7"), ErrorKind::kUnsupported, "PDF");
  EXPECT_ERROR(table_of("SQLite format 3\0rest"s), ErrorKind::kUnsupported, "sqlite3 -csv");
  EXPECT_ERROR(table_of("\n<!DOCTYPE html>"), ErrorKind::kUnsupported, "HTML");
  EXPECT_ERROR(table_of("{\"a\": 1}"), ErrorKind::kUnsupported, "JSON");
  EXPECT_ERROR(table_of("[{\"a\": 1}]"), ErrorKind::kUnsupported, "JSON");
  EXPECT_ERROR(table_of("a,b\n1,\0\n"s), ErrorKind::kBadInput,
               AllOf(StartsWith("t.csv:2: byte 0"), HasSubstr("binary")));
}

// Random tables, written as RFC 4180 says, come back cell for cell.
TEST(CsvProperty, WrittenTablesReadBack) {
  const std::vector<std::string> pieces = {"a", "B7", "\"", ",", ";",  "\n", "\r\n", "\t", "|", "'",
                                           " ", "é",  "日", "😀", "\\", "0",  "x y",  "-",  ".", "\"\""};
  for (uint64_t table = 0; table < 300; ++table) {
    const Rng rng = Rng(7).child("table", table);
    const uint64_t num_columns = 2 + rng.below(0, 6), num_rows = 1 + rng.below(1, 30);
    const char delimiter = ",;\t|"[rng.below(2, 4)];
    const std::string line_end = rng.bernoulli(3, 0.5) ? "\n" : "\r\n";
    std::string text;
    Cells expected;
    for (uint64_t row = 0; row <= num_rows; ++row) {
      std::vector<std::string> cells;
      for (uint64_t column = 0; column < num_columns; ++column) {
        const Rng random = rng.child("row", row).child("column", column);
        std::string cell = row == 0 ? fmt::format("n{}", column) : "v";  // never blank or a missing mark
        if (row > 0) {
          for (uint64_t i = 0; i < random.below(0, 6); ++i) cell += pieces[random.below(1 + i, pieces.size())];
        }
        const bool needs_quotes = cell.find_first_of("\",;\t|\r\n'") != std::string::npos || random.bernoulli(20, 0.2);
        if (column > 0) text += delimiter;
        if (needs_quotes) text += '"';
        for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
        if (needs_quotes) text += '"';
        cells.push_back(std::move(cell));
      }
      text += line_end;
      if (row > 0) expected.push_back(std::move(cells));
    }
    ASSERT_EQ(cells_of(table_of(text, {.delimiter = delimiter == '\t' ? "tab" : std::string(1, delimiter)})), expected)
        << text;
    ASSERT_EQ(cells_of(table_of(text)), expected) << "sniffed:\n" << text;
  }
}

}  // namespace
}  // namespace manyshot::testing
