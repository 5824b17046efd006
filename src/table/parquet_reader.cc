#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/text.h"
#include "table/arrow_checked.h"
#include "table/arrow_text.h"
#include "table/cell_values.h"
#include "table/table_reader.h"

namespace manyshot {
namespace {

constexpr size_t kBatchCells = 1 << 18;

// The value of an Arrow call; its failure or exception as an Error about the file.
template <class Call>
auto checked(const std::string& path, Call&& call) {
  return checked_arrow(path, "Parquet file", "fetch or write the file again", std::forward<Call>(call));
}

bool holds_strings(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY)
    return holds_strings(*static_cast<const arrow::DictionaryType&>(type).value_type());
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING ||
         type.id() == arrow::Type::STRING_VIEW;
}

// Names of the columns that hold the index of a pandas frame (its "pandas" metadata, JSON); none in files of others.
std::vector<std::string> pandas_index(const arrow::KeyValueMetadata* metadata) {
  std::vector<std::string> names;
  const auto text = metadata ? metadata->Get("pandas") : arrow::Result<std::string>(arrow::Status::KeyError(""));
  if (!text.ok()) return names;
  const Json pandas = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!pandas.is_object() || !pandas.contains("index_columns") || !pandas["index_columns"].is_array()) return names;
  for (const Json& column : pandas["index_columns"]) {
    if (column.is_string()) names.push_back(column.get<std::string>());
  }
  return names;
}

class ParquetReader final : public TableReader {
 public:
  explicit ParquetReader(InputFile file);

  const std::vector<std::string>& header() const override { return header_; }
  const std::vector<std::string>& notes() const override { return notes_; }
  std::string format_name() const override { return "Parquet"; }
  bool is_text_column(size_t column) const override { return is_text_[column]; }
  bool is_index_column(size_t column) const override { return is_index_[column]; }
  void scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const override;

 private:
  std::unique_ptr<parquet::arrow::FileReader> open(size_t num_columns) const;
  void check_utf8(const TextBatch& batch, std::span<const size_t> columns) const;

  InputFile file_;
  std::vector<std::string> header_;
  std::vector<std::string> notes_;
  std::vector<bool> is_text_, is_index_;
  uint64_t num_rows_ = 0;
};

ParquetReader::ParquetReader(InputFile file) : file_(std::move(file)) {
  const auto reader = open(1);
  const auto schema = checked(file_.path(), [&]() -> arrow::Result<std::shared_ptr<arrow::Schema>> {
    std::shared_ptr<arrow::Schema> result;
    ARROW_RETURN_NOT_OK(reader->GetSchema(&result));
    return result;
  });
  check_column_count(file_.path(), static_cast<size_t>(schema->num_fields()));
  for (const auto& field : schema->fields()) {
    if (!can_be_text(*field->type())) {
      fail(ErrorKind::kUnsupported,
           "{}: column {} \"{}\" has the type {}, which is no single value; leave it out, or turn it into numbers or "
           "text",
           file_.path(), header_.size() + 1, excerpt(field->name()), excerpt(field->type()->ToString(), 100));
    }
    if (find_invalid_utf8(field->name())) {
      fail(ErrorKind::kBadInput,
           "{}: the name of column {} (\"{}\") is not UTF-8; write the file again with another name", file_.path(),
           header_.size() + 1, excerpt(field->name()));
    }
    header_.push_back(field->name());
    is_text_.push_back(holds_strings(*field->type()));
  }
  const std::vector<std::string> index = pandas_index(schema->metadata().get());
  for (const std::string& name : header_)
    is_index_.push_back(std::find(index.begin(), index.end(), name) != index.end());
  num_rows_ = static_cast<uint64_t>(reader->parquet_reader()->metadata()->num_rows());
  if (num_rows_ == 0) {
    fail(ErrorKind::kBadInput, "{}: the file has columns ({}) but no rows", file_.path(), list_names(header_));
  }
}

std::unique_ptr<parquet::arrow::FileReader> ParquetReader::open(size_t num_columns) const {
  parquet::ReaderProperties properties = parquet::default_reader_properties();
  properties.enable_buffered_stream();
  parquet::ArrowReaderProperties arrow_properties;
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_batch_size(
      static_cast<int64_t>(std::clamp<size_t>(kBatchCells / std::max<size_t>(num_columns, 1), 64, 8192)));
  return checked(file_.path(), [&]() -> arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> {
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(file_.open(), properties));
    return builder.properties(arrow_properties)->Build();
  });
}

void ParquetReader::check_utf8(const TextBatch& batch, std::span<const size_t> columns) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    for (size_t row = 0; row < batch.num_rows; ++row) {
      if (!find_invalid_utf8(batch.cells[i][row])) continue;
      fail(ErrorKind::kBadInput,
           "{}: row {} (counted from 0), column {} \"{}\": \"{}\" is not UTF-8 text; leave the column out, or write it "
           "as text",
           file_.path(), batch.first_row + row, columns[i] + 1, excerpt(header_[columns[i]]),
           excerpt(batch.cells[i][row]));
    }
  }
}

void ParquetReader::scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const {
  const auto reader = open(columns.size());
  std::vector<int> row_groups(static_cast<size_t>(reader->num_row_groups()));
  std::iota(row_groups.begin(), row_groups.end(), 0);
  const std::vector<int> indices(columns.begin(), columns.end());
  const auto batches = checked(file_.path(), [&] { return reader->GetRecordBatchReader(row_groups, indices); });

  TextBatch batch;
  for (;;) {
    check_interrupted();
    const auto rows = checked(file_.path(), [&] { return batches->Next(); });
    if (!rows) break;
    batch.num_rows = static_cast<size_t>(rows->num_rows());
    batch.cells.clear();
    std::deque<std::string> scratch;
    for (const auto& array : rows->columns()) {
      auto cells = checked(file_.path(), [&] { return arrow::Result(cells_of(*array, scratch)); });
      const bool is_text = is_text_[columns[batch.cells.size()]];
      for (std::string_view& cell : cells) {
        if (is_blank(cell) || (!is_text && is_missing_word(cell))) cell = {};
      }
      batch.cells.push_back(std::move(cells));
    }
    check_utf8(batch, columns);
    if (!visit(batch)) return;
    batch.first_row += batch.num_rows;
  }
  if (batch.first_row == num_rows_) return;
  fail(ErrorKind::kCorruptFile, "{}: the file says it has {} rows but holds {}; fetch or write it again", file_.path(),
       num_rows_, batch.first_row);
}

}  // namespace

bool has_parquet_magic(const InputFile& file) { return file.head(4) == "PAR1"; }

std::unique_ptr<TableReader> open_parquet(InputFile file) { return std::make_unique<ParquetReader>(std::move(file)); }

}  // namespace manyshot
