#include "table/table_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/files.h"
#include "core/json.h"
#include "core/options.h"
#include "table/parquet_writer.h"

namespace manyshot {
namespace {

// Where lines go: to a file, or to a text in memory.
class LineTarget {
 public:
  explicit LineTarget(const std::string& path)
      : file_(std::make_unique<OutputFile>(path.empty() ? "/dev/stdout" : path)) {}
  explicit LineTarget(std::string& text) : text_(&text) {}

  void write(std::string_view bytes) {
    if (text_ != nullptr) {
      *text_ += bytes;
    } else {
      file_->write(bytes);
    }
  }
  void commit() {
    if (file_ != nullptr) file_->commit();
  }

 private:
  std::string* text_ = nullptr;
  std::unique_ptr<OutputFile> file_;
};

// Text formats: lines of what append_row() makes.
class LineWriter : public TableWriter {
 public:
  explicit LineWriter(LineTarget target) : target_(std::move(target)) {}

  void append(const std::vector<OutputColumn>& columns) final {
    std::string line;
    const size_t num_rows = std::visit([](const auto& values) { return values.size(); }, columns.front());
    for (size_t row = 0; row < num_rows; ++row) {
      line.clear();
      append_row(line, columns, row);
      line += '\n';
      target_.write(line);
    }
  }
  void commit() final { target_.commit(); }

 protected:
  void write(std::string_view text) { target_.write(text); }

 private:
  virtual void append_row(std::string& line, const std::vector<OutputColumn>& columns, size_t row) const = 0;

  LineTarget target_;
};

// `separator`: a comma, or a tab.
class CsvWriter final : public LineWriter {
 public:
  CsvWriter(LineTarget target, const std::vector<std::string>& column_names, char separator,
            const TableWriterOptions& options)
      : LineWriter(std::move(target)), separator_(separator), digits_(options.digits) {
    std::string header = options.utf8_mark ? "\xEF\xBB\xBF" : "";
    for (const std::string& name : column_names) {
      if (&name != &column_names.front()) header += separator_;
      append_text(header, name);
    }
    write(header + '\n');
  }

 private:
  void append_row(std::string& line, const std::vector<OutputColumn>& columns, size_t row) const override {
    for (size_t column = 0; column < columns.size(); ++column) {
      if (column > 0) line += separator_;
      append_cell(line, columns[column], row);
    }
  }

  void append_cell(std::string& line, const OutputColumn& column, size_t row) const {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
      append_text(line, (*texts)[row]);
    } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&column)) {
      fmt::format_to(std::back_inserter(line), "{}", (*integers)[row]);
    } else if (const auto* numbers = std::get_if<std::vector<double>>(&column)) {
      if (!std::isnan((*numbers)[row])) fmt::format_to(std::back_inserter(line), "{:.{}g}", (*numbers)[row], digits_);
    } else {
      const auto& list = std::get<std::vector<std::vector<double>>>(column)[row];
      for (size_t i = 0; i < list.size(); ++i)
        fmt::format_to(std::back_inserter(line), "{}{:.{}g}", i > 0 ? " " : "", list[i], digits_);
    }
  }

  void append_text(std::string& line, const std::string& text) const {
    if (text.find_first_of("\"\r\n") == std::string::npos && text.find(separator_) == std::string::npos &&
        !text.empty()) {
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

  char separator_;
  int digits_;
};

class JsonLinesWriter final : public LineWriter {
 public:
  JsonLinesWriter(LineTarget target, const std::vector<std::string>& column_names, int digits)
      : LineWriter(std::move(target)), digits_(digits) {
    for (const std::string& name : column_names) keys_.push_back(quoted(name) + ':');
  }

 private:
  static std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  }
  std::string number(double value) const {
    return std::isfinite(value) ? fmt::format("{:.{}g}", value, digits_) : "null";
  }

  void append_row(std::string& line, const std::vector<OutputColumn>& columns, size_t row) const override {
    for (size_t column = 0; column < columns.size(); ++column) {
      line += column == 0 ? '{' : ',';
      line += keys_[column];
      line += std::visit([&](const auto& values) { return value(values[row]); }, columns[column]);
    }
    line += '}';
  }
  static std::string value(int64_t integer) { return std::to_string(integer); }
  static std::string value(const std::string& text) { return quoted(text); }
  std::string value(double real) const { return number(real); }
  std::string value(const std::vector<double>& list) const {
    std::vector<std::string> numbers;
    for (const double entry : list) numbers.push_back(number(entry));
    return fmt::format("[{}]", fmt::join(numbers, ","));
  }

  std::vector<std::string> keys_;
  int digits_;
};

std::unique_ptr<TableWriter> open_lines(LineTarget target, const std::vector<std::string>& column_names,
                                        const TableWriterOptions& options) {
  if (options.format == TableFormat::kJsonLines)
    return std::make_unique<JsonLinesWriter>(std::move(target), column_names, options.digits);
  const char separator = options.format == TableFormat::kTsv ? '\t' : ',';
  return std::make_unique<CsvWriter>(std::move(target), column_names, separator, options);
}

struct Extension {
  std::string_view extension;
  TableFormat format;
};
constexpr Extension kWritten[] = {{".csv", TableFormat::kCsv},          {".tsv", TableFormat::kTsv},
                                  {".tab", TableFormat::kTsv},          {".parquet", TableFormat::kParquet},
                                  {".pq", TableFormat::kParquet},       {".jsonl", TableFormat::kJsonLines},
                                  {".ndjson", TableFormat::kJsonLines}, {".json", TableFormat::kJsonLines}};

struct RefusedExtension {
  std::string_view extension, what, way_out;
};
constexpr std::string_view kForSpreadsheets = "write .csv with --utf8-mark, which Excel and LibreOffice open";
constexpr std::string_view kUncompressed = "leave the ending out and compress the file afterwards, or write .parquet";
constexpr std::string_view kForPrograms = "write .parquet, .jsonl or .csv, which it can be made from";
constexpr RefusedExtension kRefused[] = {{".xlsx", "an Excel workbook", kForSpreadsheets},
                                         {".xlsm", "an Excel workbook", kForSpreadsheets},
                                         {".xlsb", "an Excel workbook", kForSpreadsheets},
                                         {".xls", "an Excel workbook", kForSpreadsheets},
                                         {".ods", "a spreadsheet", kForSpreadsheets},
                                         {".numbers", "a spreadsheet", kForSpreadsheets},
                                         {".gz", "a compressed file", kUncompressed},
                                         {".zst", "a compressed file", kUncompressed},
                                         {".bz2", "a compressed file", kUncompressed},
                                         {".xz", "a compressed file", kUncompressed},
                                         {".zip", "a compressed file", kUncompressed},
                                         {".feather", "a Feather file", kForPrograms},
                                         {".arrow", "an Arrow file", kForPrograms},
                                         {".orc", "an ORC file", kForPrograms},
                                         {".pkl", "a pickled object", kForPrograms},
                                         {".pickle", "a pickled object", kForPrograms},
                                         {".h5", "an HDF5 file", kForPrograms},
                                         {".sqlite", "a database", kForPrograms},
                                         {".db", "a database", kForPrograms},
                                         {".xml", "XML", kForPrograms},
                                         {".html", "a web page", kForPrograms},
                                         {".md", "Markdown", kForPrograms},
                                         {".pdf", "a document", kForPrograms},
                                         {".docx", "a document", kForPrograms}};

std::string extension_of(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension;
}

}  // namespace

TableFormat table_format_of(const std::string& path) {
  const std::string extension = extension_of(path);
  for (const Extension& known : kWritten) {
    if (known.extension == extension) return known.format;
  }
  for (const RefusedExtension& known : kRefused) {
    if (known.extension != extension) continue;
    refuse_option("out", "{}: {} is not written; {}", path, known.what, known.way_out);
  }
  return TableFormat::kCsv;
}

std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const std::vector<std::string>& column_names,
                                               const TableWriterOptions& options) {
  const bool is_text = options.format == TableFormat::kCsv || options.format == TableFormat::kTsv;
  if (options.utf8_mark && !is_text) {
    refuse_option("utf8_mark", "{} has no byte order mark; leave it out, or write CSV or TSV", name_of(options.format));
  }
  if (options.format != TableFormat::kParquet) return open_lines(LineTarget(path), column_names, options);
  if (path.empty()) refuse_option("out_format", "Parquet needs a file; give it a place with --out");
  return open_parquet_writer(path, column_names);
}

std::unique_ptr<TableWriter> open_text_writer(std::string& text, const std::vector<std::string>& column_names,
                                              const TableWriterOptions& options) {
  return open_lines(LineTarget(text), column_names, options);
}

std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const std::vector<std::string>& column_names) {
  return open_table_writer(path, column_names, {.format = table_format_of(path)});
}

}  // namespace manyshot
