#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include <cstring>

#include "support/error.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::StrEq;

using Arrays = std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>;

std::string parquet_bytes(const Arrays& columns, int64_t rows_per_group = 1 << 20) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const auto out = *arrow::io::BufferOutputStream::Create();
  const auto stored_types = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, rows_per_group,
                                         parquet::default_writer_properties(), stored_types)
                  .ok());
  return (*out->Finish())->ToString();
}

TableFile parquet_of(const Arrays& columns, int64_t rows_per_group = 1 << 20) {
  return TableFile::from_bytes(parquet_bytes(columns, rows_per_group), "t.parquet");
}

template <class Value, class Builder>
std::shared_ptr<arrow::Array> array_of(Builder&& builder, const std::vector<std::optional<Value>>& values) {
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

template <class Type>
std::string cell_of(typename Type::c_type value) {
  typename arrow::TypeTraits<Type>::BuilderType builder;
  return cells_of(parquet_of({{"x", array_of<typename Type::c_type>(builder, {value})}}))[0][0];
}

std::string timestamp_cell(int64_t ticks, arrow::TimeUnit::type unit, const std::string& zone = "") {
  arrow::TimestampBuilder builder(arrow::timestamp(unit, zone), arrow::default_memory_pool());
  return cells_of(parquet_of({{"x", array_of<int64_t>(builder, {ticks})}}))[0][0];
}

TEST(Parquet, Numbers) {
  EXPECT_EQ(cell_of<arrow::Int8Type>(-128), "-128");
  EXPECT_EQ(cell_of<arrow::Int16Type>(-32768), "-32768");
  EXPECT_EQ(cell_of<arrow::Int32Type>(-7), "-7");
  EXPECT_EQ(cell_of<arrow::Int64Type>(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(cell_of<arrow::UInt8Type>(255), "255");
  EXPECT_EQ(cell_of<arrow::UInt16Type>(65535), "65535");
  EXPECT_EQ(cell_of<arrow::UInt32Type>(4294967295), "4294967295");
  EXPECT_EQ(cell_of<arrow::UInt64Type>(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(cell_of<arrow::FloatType>(0.1F), "0.1");
  EXPECT_EQ(cell_of<arrow::DoubleType>(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(cell_of<arrow::DoubleType>(1), "1");
  EXPECT_EQ(cell_of<arrow::DoubleType>(-INFINITY), "-inf");
  EXPECT_EQ(cell_of<arrow::DoubleType>(NAN), "<missing>");
  EXPECT_EQ(cell_of<arrow::HalfFloatType>(arrow::util::Float16(1.5F).bits()), "1.5");
}

TEST(Parquet, Decimals) {
  arrow::Decimal128Builder narrow(arrow::decimal128(10, 2));
  arrow::Decimal256Builder wide(arrow::decimal256(60, 3));
  const TableFile file = parquet_of({{"n", array_of<arrow::Decimal128>(narrow, {arrow::Decimal128(-314)})},
                                     {"w", array_of<arrow::Decimal256>(wide, {arrow::Decimal256(5)})}});
  EXPECT_EQ(cells_of(file), (Cells{{"-3.14", "0.005"}}));
}

TEST(Parquet, DatesAndTimes) {
  EXPECT_EQ(cell_of<arrow::Date32Type>(19782), "2024-02-29");
  EXPECT_EQ(cell_of<arrow::Date32Type>(-719163), "day -719163") << "before the year 1";
  EXPECT_EQ(cell_of<arrow::Date64Type>(int64_t{19782} * 86'400'000), "2024-02-29");
  EXPECT_EQ(timestamp_cell(-1, arrow::TimeUnit::MILLI), "1969-12-31T23:59:59.999");
  EXPECT_EQ(timestamp_cell(86'461'000'000, arrow::TimeUnit::MICRO), "1970-01-02T00:01:01");
  EXPECT_EQ(timestamp_cell(1'050'000'000, arrow::TimeUnit::NANO, "Europe/Paris"), "1970-01-01T00:00:01.05Z");
  EXPECT_EQ(timestamp_cell(INT64_MIN, arrow::TimeUnit::NANO), "1677-09-21T00:12:43.145224192");
}

TEST(Parquet, StringsBooleansAndNulls) {
  const std::vector<std::optional<std::string>> strings = {"a", std::nullopt, "", "é,\"\n"};
  arrow::StringDictionaryBuilder dictionary;
  arrow::NullBuilder nulls;
  EXPECT_TRUE(nulls.AppendNulls(4).ok());
  const TableFile file = parquet_of({
      {"s", array_of<std::string>(arrow::StringBuilder(), strings)},
      {"l", array_of<std::string>(arrow::LargeStringBuilder(), strings)},
      {"b", array_of<std::string>(arrow::BinaryBuilder(), strings)},
      {"v", array_of<std::string>(arrow::StringViewBuilder(), strings)},
      {"d", array_of<std::string>(dictionary, strings)},
      {"t", array_of<bool>(arrow::BooleanBuilder(), {true, std::nullopt, false, true})},
      {"n", *nulls.Finish()},
  });
  const std::string odd = "é,\"\n", none = "<missing>";
  EXPECT_EQ(cells_of(file), (Cells{{"a", "a", "a", "a", "a", "true", none},
                                   {none, none, none, none, none, none, none},
                                   {none, none, none, none, none, "false", none},
                                   {odd, odd, odd, odd, odd, "true", none}}));
  EXPECT_EQ(file.format_name(), "Parquet");
}

TEST(Parquet, StringsStayStrings) {
  arrow::StringDictionaryBuilder dictionary;
  const std::vector<std::optional<std::string>> zips = {"02116", "2116", "None", "NA", std::nullopt, "02116"};
  const TableFile file = parquet_of({{"s", array_of<std::string>(arrow::StringBuilder(), zips)},
                                     {"d", array_of<std::string>(dictionary, zips)},
                                     {"n", array_of<double>(arrow::DoubleBuilder(), {1, 2, NAN, 4, std::nullopt, 6})}});
  const Schema schema = infer_schema(file);
  for (const size_t column : {0, 1}) {
    EXPECT_TRUE(file.is_text_column(column));
    EXPECT_THAT(schema.columns[column].categories, ElementsAre("02116", "2116", "NA", "None"));
    EXPECT_EQ(schema.columns[column].missing, 1u);
  }
  EXPECT_FALSE(file.is_text_column(2));
  EXPECT_EQ(schema.columns[2].missing, 2u);
  const std::vector<uint64_t> rows = {0, 2, 4};
  EXPECT_THAT(read_rows(file, schema, rows, nullptr).columns[0].codes, ElementsAre(0, 3, kMissingCode));

  const Schema numbers =
      infer_schema(parquet_of({{"s", array_of<std::string>(arrow::StringBuilder(), {"1", "2", "5"})}}));
  EXPECT_EQ(numbers.columns[0].type, ColumnType::kCategorical);
  EXPECT_TRUE(numbers.columns[0].holds_numbers);
}

TEST(Parquet, TheIndexOfAPandasFrameNamesTheRows) {
  const auto column = array_of<int32_t>(arrow::Int32Builder(), {5, 3, 4});
  const auto metadata = arrow::key_value_metadata(
      {{"pandas", R"({"index_columns": ["__index_level_0__", {"kind": "range"}], "columns": []})"}});
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("a", column->type()), arrow::field("__index_level_0__", column->type())}, metadata),
      {column, column});
  const auto out = *arrow::io::BufferOutputStream::Create();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1 << 20,
                                         parquet::default_writer_properties(),
                                         parquet::ArrowWriterProperties::Builder().store_schema()->build())
                  .ok());
  const TableFile file = TableFile::from_bytes((*out->Finish())->ToString(), "t.parquet");
  EXPECT_FALSE(file.is_index_column(0));
  EXPECT_TRUE(file.is_index_column(1));
  EXPECT_EQ(infer_schema(file).columns[1].row_label, RowLabel::kIndex);
}

TEST(Parquet, NamesAreRepairedAsInCsv) {
  const auto column = array_of<int32_t>(arrow::Int32Builder(), {1});
  const TableFile file = parquet_of({{"a", column}, {"", column}, {"a", column}});
  EXPECT_THAT(file.column_names(), ElementsAre("a", "column_2", "a_2"));
}

TEST(Parquet, ManyRowGroups) {
  arrow::Int32Builder builder;
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(builder.Append(i).ok());
  const std::shared_ptr<arrow::Array> column = *builder.Finish();
  const TableFile file = parquet_of({{"a", column}, {"b", column}}, /*rows_per_group=*/3'000);
  const std::vector<size_t> second = {1};
  uint64_t rows = 0;
  file.scan(second, [&](const TextBatch& batch) {
    EXPECT_EQ(batch.first_row, rows);
    for (size_t i = 0; i < batch.num_rows; ++i, ++rows) EXPECT_EQ(batch.cells[0][i], fmt::format("{}", rows));
    return true;
  });
  EXPECT_EQ(rows, 20'000u);

  uint64_t empty_selection_rows = 0;
  file.scan({}, [&](const TextBatch& batch) {
    empty_selection_rows += batch.num_rows;
    return true;
  });
  EXPECT_EQ(empty_selection_rows, 20'000u);
}

TEST(Parquet, TypesFollowTheSameRules) {
  const Schema schema = infer_schema(parquet_of({
      {"number_text", array_of<std::string>(arrow::StringBuilder(), {"1", "2", "3"})},
      {"flag", array_of<bool>(arrow::BooleanBuilder(), {true, false, true})},
      {"day", array_of<int32_t>(arrow::Date32Builder(), {1, 2, 3})},
  }));
  EXPECT_EQ(schema.columns[0].type, ColumnType::kCategorical) << "strings stay strings";
  EXPECT_EQ(schema.columns[1].type, ColumnType::kBoolean);
  EXPECT_EQ(schema.columns[2].type, ColumnType::kDate);
  EXPECT_EQ(schema.columns[2].maximum, 3);
}

TEST(ParquetErrors, NestedAndOtherTypes) {
  arrow::ListBuilder list(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  EXPECT_TRUE(list.AppendNull().ok());
  const std::shared_ptr<arrow::Array> lists = *list.Finish();
  EXPECT_ERROR(parquet_of({{"id", array_of<int32_t>(arrow::Int32Builder(), {1})}, {"tags", lists}}),
               ErrorKind::kUnsupported,
               AllOf(StartsWith("t.parquet: column 2 \"tags\" has the type list<"), HasSubstr("leave it out")));
}

TEST(ParquetErrors, NotUtf8) {
  const auto bytes = array_of<std::string>(arrow::BinaryBuilder(), {"ok", "\xFF\x01"});
  const TableFile file = parquet_of({{"key", bytes}});
  EXPECT_ERROR(cells_of(file), ErrorKind::kBadInput, StartsWith("t.parquet: row 1 (counted from 0), column 1 \"key\""));
  EXPECT_ERROR(parquet_of({{"\xFF", bytes}}), ErrorKind::kBadInput, "the name of column 1");
}

TEST(ParquetErrors, NoRows) {
  EXPECT_ERROR(parquet_of({{"a", array_of<int32_t>(arrow::Int32Builder(), {})}}), ErrorKind::kBadInput,
               StrEq("t.parquet: the file has columns (\"a\") but no rows"));
}

TEST(ParquetErrors, RowsThatAreNotThere) {
  arrow::Int32Builder builder;
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(builder.Append(i).ok());
  std::string bytes = parquet_bytes({{"a", *builder.Finish()}});
  uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, bytes.data() + bytes.size() - 8, sizeof footer_bytes);
  const size_t row_count = bytes.find("\xC0\xB8\x02", bytes.size() - 8 - footer_bytes);  // 20,000 as a Thrift integer
  ASSERT_NE(row_count, std::string::npos);
  bytes[row_count] = '\xC2';
  EXPECT_ERROR(cells_of(TableFile::from_bytes(bytes, "t.parquet")), ErrorKind::kCorruptFile,
               StrEq("t.parquet: the file says it has 20001 rows but holds 20000; fetch or write it again"));
}

TEST(ParquetErrors, CutAndDamaged) {
  arrow::Int32Builder builder;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(builder.Append(i * 7919 % 1'009).ok());
  const std::string bytes = parquet_bytes({{"a", *builder.Finish()}});
  const auto read = [](const std::string& changed) { cells_of(TableFile::from_bytes(changed, "t.parquet")); };
  EXPECT_ERROR(read(bytes.substr(0, bytes.size() / 2)), ErrorKind::kCorruptFile, "not a readable Parquet file");
  std::string damaged = bytes;
  std::fill_n(damaged.begin() + 8, 200, '\xFF');
  EXPECT_ERROR(read(damaged), ErrorKind::kCorruptFile, "not a readable Parquet file");
}

}  // namespace
}  // namespace manyshot::testing
