// Tables in memory by the Arrow C stream interface: their cells are those of the same table in a Parquet file. Arrow
// itself makes the streams.
#include "table/from_columns.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/util/float16.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include <cmath>

#include "support/error.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<arrow::Array> array_of(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return *arrow::json::ArrayFromJSONString(type, json);
}

std::shared_ptr<arrow::Table> table_of(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

// As a C stream of batches of so many rows.
TextTable read(const arrow::Table& table, int64_t batch_rows = 1 << 20) {
  auto reader = std::make_shared<arrow::TableBatchReader>(table);
  reader->set_chunksize(batch_rows);
  ArrowArrayStream stream;
  EXPECT_TRUE(arrow::ExportRecordBatchReader(reader, &stream).ok());
  struct Release {
    ArrowArrayStream* stream;
    ~Release() { stream->release(stream); }
  } release{&stream};
  return read_columns(stream, "the table");
}

Cells cells_in_memory(const arrow::Table& table, int64_t batch_rows = 1 << 20) {
  return cells_of(TableFile::from_text(std::make_shared<const TextTable>(read(table, batch_rows)), "the table"));
}

Cells cells_in_file(const arrow::Table& table) {
  const auto out = *arrow::io::BufferOutputStream::Create();
  const auto stored_types = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  EXPECT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out, 1 << 20,
                                         parquet::default_writer_properties(), stored_types)
                  .ok());
  return cells_of(TableFile::from_bytes((*out->Finish())->ToString(), "t.parquet"));
}

std::shared_ptr<arrow::Table> every_type() {
  return table_of({
      {"i8", array_of(arrow::int8(), "[-128, null, 7, 1]")},
      {"u8", array_of(arrow::uint8(), "[255, 0, null, 1]")},
      {"i16", array_of(arrow::int16(), "[-32768, null, 7, 1]")},
      {"u16", array_of(arrow::uint16(), "[65535, null, 7, 1]")},
      {"i32", array_of(arrow::int32(), "[-5, null, 7, 1]")},
      {"u32", array_of(arrow::uint32(), "[4294967295, null, 7, 1]")},
      {"i64", array_of(arrow::int64(), "[-9223372036854775808, null, 7, 1]")},
      {"u64", array_of(arrow::uint64(), "[18446744073709551615, null, 7, 1]")},
      {"f32", array_of(arrow::float32(), "[0.1, null, 1e30, NaN]")},
      {"f64", array_of(arrow::float64(), "[0.1, null, 1e300, -Inf]")},
      {"bool", array_of(arrow::boolean(), "[true, null, false, true]")},
      {"text", array_of(arrow::utf8(), R"(["größe", null, "", "  "])")},
      {"large", array_of(arrow::large_utf8(), R"(["a", null, "NA", "12"])")},
      {"day", array_of(arrow::date32(), "[-1, null, 19782, 0]")},
      {"ms_day", array_of(arrow::date64(), "[86400000, null, 0, -86400000]")},
      {"s", array_of(arrow::timestamp(arrow::TimeUnit::SECOND), "[-1, null, 0, 1700000000]")},
      {"us", array_of(arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin"), "[1700000000250000, null, 0, 1]")},
      {"ns", array_of(arrow::timestamp(arrow::TimeUnit::NANO), "[1700000000000000001, null, 0, 1]")},
  });
}

TEST(FromColumns, CellsAreThoseOfAParquetFile) {
  const auto table = every_type();
  const Cells cells = cells_in_memory(*table);
  EXPECT_EQ(cells, cells_in_file(*table));
  EXPECT_EQ(cells[0][6], "-9223372036854775808");
  EXPECT_EQ(cells[1],
            Cells::value_type({"<missing>", "0", "<missing>", "<missing>", "<missing>", "<missing>", "<missing>",
                               "<missing>", "<missing>", "<missing>", "<missing>", "<missing>", "<missing>",
                               "<missing>", "<missing>", "<missing>", "<missing>", "<missing>"}));
}

TEST(FromColumns, BatchesAndSlicesAreReadFromWhereTheyBegin) {
  const auto table = every_type();
  const Cells all = cells_in_memory(*table);
  EXPECT_EQ(cells_in_memory(*table, 1), all);
  EXPECT_EQ(cells_in_memory(*table, 3), all);
  EXPECT_EQ(cells_in_memory(*table->Slice(2)), Cells(all.begin() + 2, all.end()));
  // The offset of the struct, not of its columns.
  const auto whole = *(*table->CombineChunksToBatch())->ToStructArray();
  ArrowSchema schema;
  ArrowArray array;
  ASSERT_TRUE(arrow::ExportArray(*whole->Slice(1, 2), &array, &schema).ok());
  ArrowArrayStream stream{};
  struct State {
    ArrowSchema* schema;
    ArrowArray* array;
  } state{&schema, &array};
  stream.private_data = &state;
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    *out = *static_cast<State*>(self->private_data)->schema;
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    ArrowArray*& next = static_cast<State*>(self->private_data)->array;
    if (next == nullptr) {
      *out = ArrowArray{};
    } else {
      *out = *next;
    }
    next = nullptr;
    return 0;
  };
  const TextTable read = read_columns(stream, "the table");
  EXPECT_EQ(cells_of(TableFile::from_text(std::make_shared<const TextTable>(read), "the table")),
            Cells(all.begin() + 1, all.begin() + 3));
}

TEST(FromColumns, DictionariesViewsHalvesAndNulls) {
  arrow::HalfFloatBuilder halves;
  for (const float value : {1.5f, -65504.0f, 5.9604645e-8f, 0.0f})
    EXPECT_TRUE(halves.Append(arrow::util::Float16::FromFloat(value).bits()).ok());
  const auto strings = array_of(arrow::utf8(), R"(["red", "blue", null])");
  const auto table = table_of({
      {"tone", *arrow::DictionaryArray::FromArrays(array_of(arrow::int8(), "[1, 0, null, 2]"), strings)},
      {"wide", *arrow::DictionaryArray::FromArrays(array_of(arrow::uint32(), "[0, 0, 1, 1]"),
                                                   array_of(arrow::int64(), "[10, 20]"))},
      {"view", array_of(arrow::utf8_view(), R"(["short", null, "a text of more than twelve bytes", ""])")},
      {"half", *halves.Finish()},
      {"none", array_of(arrow::null(), "[null, null, null, null]")},
  });
  const Cells cells = cells_in_memory(*table);
  EXPECT_THAT(cells, ElementsAre(ElementsAre("blue", "10", "short", "1.5", "<missing>"),
                                 ElementsAre("red", "10", "<missing>", "-65504", "<missing>"),
                                 ElementsAre("<missing>", "20", "a text of more than twelve bytes", "5.9604645e-08",
                                             "<missing>"),
                                 ElementsAre("<missing>", "20", "<missing>", "0", "<missing>")));
  EXPECT_EQ(cells_in_memory(*table, 2), cells);
}

TEST(FromColumns, ColumnsAreTypedAsThoseOfFiles) {
  const TextTable table = read(*table_of({{"code", array_of(arrow::utf8(), R"(["1", "2", "3"])")},
                                          {"flag", array_of(arrow::boolean(), "[true, false, null]")},
                                          {"when", array_of(arrow::date32(), "[0, 1, 2]")},
                                          {"x", array_of(arrow::float64(), "[1, 2.5, null]")}}));
  const Schema schema = infer_schema(TableFile::from_text(std::make_shared<const TextTable>(table), "the table"));
  EXPECT_EQ(schema.columns[0].type, ColumnType::kCategorical) << "strings stay strings";
  EXPECT_EQ(schema.columns[1].type, ColumnType::kBoolean);
  EXPECT_EQ(schema.columns[2].type, ColumnType::kDate);
  EXPECT_EQ(schema.columns[3].type, ColumnType::kNumeric);
  EXPECT_EQ(schema.columns[3].missing, 1u);
}

TEST(FromColumns, WhatCannotBeReadIsNamed) {
  EXPECT_ERROR(read(*table_of({{"x", array_of(arrow::int8(), "[1]")},
                               {"d", array_of(arrow::duration(arrow::TimeUnit::SECOND), "[1]")}})),
               ErrorKind::kUnsupported, "the table: column 2 \"d\" has the Arrow type \"tDs\"");
  EXPECT_ERROR(read(*table_of({{"d", array_of(arrow::list(arrow::int8()), "[[1]]")}})), ErrorKind::kUnsupported,
               "\"+l\"");
  EXPECT_ERROR(read(*table_of({})), ErrorKind::kBadInput, "with 0 columns");
  arrow::StringBuilder bad;
  EXPECT_TRUE(bad.Append("a\xff").ok());
  EXPECT_ERROR(read(*table_of({{"s", *bad.Finish()}})), ErrorKind::kBadInput, "row 0 (counted from 0): \"a");
  const TextTable none = read(*table_of({{"x", array_of(arrow::int8(), "[]")}}));
  EXPECT_ERROR(TableFile::from_text(std::make_shared<const TextTable>(none), "the table"), ErrorKind::kBadInput,
               "the table: the table has no rows");
}

}  // namespace
}  // namespace manyshot::testing
