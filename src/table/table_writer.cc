#include "table/table_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/files.h"
#include "table/parquet_writer.h"

namespace manyshot {
namespace {

void append_csv_cell(std::string& line, const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.empty()) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

class CsvWriter : public TableWriter {
 public:
  CsvWriter(const std::string& path, const std::vector<std::string>& column_names) : file_(path) {
    std::string header;
    for (const std::string& name : column_names) {
      if (!header.empty()) header += ',';
      append_csv_cell(header, name);
    }
    file_.write(header + '\n');
  }

  void append(const std::vector<OutputColumn>& columns) override {
    std::string line;
    const size_t num_rows = std::visit([](const auto& values) { return values.size(); }, columns.front());
    for (size_t row = 0; row < num_rows; ++row) {
      line.clear();
      for (size_t column = 0; column < columns.size(); ++column) {
        if (column > 0) line += ',';
        append_cell(line, columns[column], row);
      }
      line += '\n';
      file_.write(line);
    }
  }

  void commit() override { file_.commit(); }

 private:
  static void append_cell(std::string& line, const OutputColumn& column, size_t row) {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
      append_csv_cell(line, (*texts)[row]);
    } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&column)) {
      fmt::format_to(std::back_inserter(line), "{}", (*integers)[row]);
    } else if (const auto* numbers = std::get_if<std::vector<double>>(&column)) {
      if (!std::isnan((*numbers)[row])) fmt::format_to(std::back_inserter(line), "{:.6g}", (*numbers)[row]);
    } else {
      const auto& list = std::get<std::vector<std::vector<double>>>(column)[row];
      fmt::format_to(std::back_inserter(line), "{:.6g}", fmt::join(list, " "));
    }
  }

  OutputFile file_;
};

}  // namespace

std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const std::vector<std::string>& column_names) {
  if (path.empty()) return std::make_unique<CsvWriter>("/dev/stdout", column_names);
  if (path.ends_with(".parquet") || path.ends_with(".pq")) return open_parquet_writer(path, column_names);
  return std::make_unique<CsvWriter>(path, column_names);
}

}  // namespace manyshot
