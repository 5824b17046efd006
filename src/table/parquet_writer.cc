#include "table/parquet_writer.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include "core/error.h"
#include "core/files.h"

namespace manyshot {
namespace {

class ParquetTableWriter : public TableWriter {
 public:
  ParquetTableWriter(const std::string& path, std::vector<std::string> column_names)
      : file_(path), column_names_(std::move(column_names)) {
    sink_ = value(arrow::io::FileOutputStream::Open(file_.temporary_path()));
  }

  void append(const std::vector<OutputColumn>& columns) override {
    if (writer_ == nullptr) open(columns);
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const OutputColumn& column : columns) {
      arrays.push_back(std::visit([&](const auto& values) { return to_array(values); }, column));
    }
    const auto num_rows = arrays.front()->length();
    check(writer_->WriteRecordBatch(*arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays))));
  }

  void commit() override {
    if (writer_ != nullptr) check(writer_->Close());
    check(sink_->Close());
    file_.commit();
  }

 private:
  void check(const arrow::Status& status) const {
    if (!status.ok()) {
      fail(ErrorKind::kBadInput, "{}: cannot write: {}; check the free space, or choose another --out", file_.path(),
           status.message());
    }
  }
  template <class T>
  T value(arrow::Result<T> result) const {
    check(result.status());
    return std::move(result).ValueUnsafe();
  }

  void open(const std::vector<OutputColumn>& columns) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::shared_ptr<arrow::DataType> types[] = {arrow::int64(), arrow::utf8(), arrow::float64(),
                                                        arrow::list(arrow::float64())};
      fields.push_back(arrow::field(column_names_[i], types[columns[i].index()], /*nullable=*/false));
    }
    schema_ = arrow::schema(std::move(fields));
    writer_ = value(parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), sink_));
  }

  template <class T>
  std::shared_ptr<arrow::Array> to_array(const std::vector<T>& values) const {
    typename arrow::CTypeTraits<T>::BuilderType builder;
    check(builder.AppendValues(values));
    return value(builder.Finish());
  }

  std::shared_ptr<arrow::Array> to_array(const std::vector<std::vector<double>>& lists) const {
    const auto numbers = std::make_shared<arrow::DoubleBuilder>();
    arrow::ListBuilder builder(arrow::default_memory_pool(), numbers);
    for (const std::vector<double>& list : lists) {
      check(builder.Append());
      check(numbers->AppendValues(list));
    }
    return value(builder.Finish());
  }

  OutputFile file_;
  std::vector<std::string> column_names_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::FileOutputStream> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace

std::unique_ptr<TableWriter> open_parquet_writer(const std::string& path,
                                                 const std::vector<std::string>& column_names) {
  return std::make_unique<ParquetTableWriter>(path, column_names);
}

}  // namespace manyshot
