#include "table/arrow_stream.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "support/error.h"

namespace manyshot {
namespace {

constexpr uint64_t kPlenty = 1 << 20;

std::string stream_of(const std::vector<std::shared_ptr<arrow::Array>>& arrays, int num_batches = 1) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < arrays.size(); ++i)
    fields.push_back(arrow::field("column " + std::to_string(i), arrays[i]->type()));
  const auto schema = arrow::schema(fields);
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(sink, schema).ValueOrDie();
  for (int i = 0; i < num_batches; ++i)
    EXPECT_TRUE(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays)).ok());
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

// `text` many times over: as a dictionary of one value.
std::shared_ptr<arrow::Array> repeated(const std::string& text, int count) {
  arrow::StringDictionaryBuilder builder;
  for (int i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(text).ok());
  return builder.Finish().ValueOrDie();
}

TEST(ArrowStream, HasTheCellsOfAllBatches) {
  arrow::DoubleBuilder numbers;
  EXPECT_TRUE(numbers.AppendValues({1.5, 2, 0.1}).ok());
  EXPECT_TRUE(numbers.AppendNull().ok());
  const TextTable table =
      read_arrow_stream(stream_of({numbers.Finish().ValueOrDie(), repeated("é", 4)}, 2), "rows", kPlenty);
  ASSERT_EQ(table.num_rows, 8u);
  EXPECT_EQ(table.columns[0].name, "column 0");
  EXPECT_EQ(table.columns[0].cell(4), "1.5");
  EXPECT_EQ(table.columns[0].cell(6), "0.1");
  EXPECT_EQ(table.columns[0].cell(7).data(), nullptr);
  EXPECT_TRUE(table.columns[1].is_text);
  EXPECT_EQ(table.columns[1].cell(7), "é");
}

TEST(ArrowStream, RefusesWhatIsDamagedOrUnpacksToTooMuch) {
  const std::string stream = stream_of({repeated(std::string(1000, 'x'), 500)});
  EXPECT_ERROR(read_arrow_stream(stream, "rows", 400'000), ErrorKind::kBadInput, "the cells are too much text");
  EXPECT_EQ(read_arrow_stream(stream, "rows", 500'000).num_rows, 500u);
  EXPECT_ERROR(read_arrow_stream("a,b\n1,2\n", "rows", kPlenty), ErrorKind::kCorruptFile,
               "rows: not a readable Arrow stream");
  for (size_t length = 0; length < stream.size() - 8; length += 97) {
    try {
      // A stream may end between two messages: then there are no rows, or all.
      EXPECT_EQ(read_arrow_stream(stream.substr(0, length), "rows", kPlenty).num_rows % 500, 0u) << length;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile) << length;
    }
  }
}

TEST(ArrowStream, RefusesMoreRowsThanItsBytesCanHold) {
  const auto nothing = std::make_shared<arrow::NullArray>(int64_t{1} << 30);
  EXPECT_ERROR(read_arrow_stream(stream_of({nothing}), "rows", kPlenty), ErrorKind::kCorruptFile,
               "says that it has 1073741824 rows");
}

}  // namespace
}  // namespace manyshot
