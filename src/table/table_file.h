// A table on disk (CSV or Parquet), opened and sniffed, which can be scanned any number of times. Arrow reads; nothing
// outside table/ sees Arrow. What is accepted, with examples: docs/formats/tables.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

struct TextTable;

struct ReadOptions {
  std::string encoding =
      "auto";  // "auto": UTF-8, or UTF-16 when its byte order mark is there; else any name iconv knows
  // "auto": sniffed among , ; tab | and runs of spaces; else one ASCII character, "tab", or "space" for runs of spaces
  std::string delimiter = "auto";
  bool has_header = true;     // false: the first line is a row, and columns are called column_1, column_2, … (CSV)
  bool missing_marks = true;  // false: blank cells come as they stand (CSV)
};

// Lines without any character are skipped, as nearly every CSV reader does.

// Rows of text. Cells point into buffers that live until the visit returns.
struct TextBatch {
  uint64_t first_row = 0;  // 0-based data row (the header is not a row)
  size_t num_rows = 0;
  // [number of scanned columns][num_rows]; a blank cell, a null and a NaN have data() == nullptr. What else is missing
  // is a matter of the column (infer_schema).
  std::vector<std::vector<std::string_view>> cells;
};

class TableFile {
 public:
  // Opens and sniffs. A name ending in .parquet or .pq, or the Parquet magic, is read as Parquet; CSV compressed by
  // gzip, zstd or bzip2 (told by its magic) is decompressed on the way. Errors (kNotFound, kBadInput, kCorruptFile,
  // kUnsupported) name file, line or row, column, value and next step: missing, folder, empty file, header only, ragged
  // row, unclosed quote, bytes that are not UTF-8, over kMaxColumns columns, another format (Excel, JSON, …), nested
  // Parquet columns. Names lose surrounding blanks; empty ones become "column_3" (1-based), repeated ones get "_2",
  // "_3" …; both are noted in notes().
  static TableFile open(const std::string& path, const ReadOptions& options = {});
  // The same for a file's bytes in memory; `name` stands for the path in messages.
  static TableFile from_bytes(std::string bytes, const std::string& name, const ReadOptions& options = {});
  // A table in memory (table/text_table.h). Throws Error(kBadInput) without rows, and for too many columns.
  static TableFile from_text(std::shared_ptr<const TextTable> table, const std::string& name);
  ~TableFile();
  TableFile(TableFile&&) noexcept;
  TableFile& operator=(TableFile&&) noexcept;

  const std::string& path() const;
  const std::vector<std::string>& column_names() const;
  const std::vector<std::string>& notes() const;  // what opening had to decide or repair, as sentences
  std::string format_name() const;                // "CSV, comma, UTF-8", "Parquet"
  bool semicolon_separated() const;               // hints that "1,234" is a decimal comma
  // Of a column, by its index: whether the file names it (true of files without a header), types it as strings
  // (Parquet), or says that it names the rows (an index that pandas stored, row names as R writes them).
  bool has_name(size_t column) const;
  bool is_text_column(size_t column) const;
  bool is_index_column(size_t column) const;

  // Visits all rows of the given columns (indices into column_names()) in file order, a batch at a time. `visit`
  // returns false to stop early. Throws as open() does for what lies further down the file, and Error(kInterrupted)
  // after Ctrl-C. Memory: one block of rows. Several threads may scan one TableFile at once.
  void scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const;

  // Index of a column, or Error(kNotFound) with the nearest name and the columns there are.
  size_t column_index(std::string_view name) const;

 private:
  struct Impl;
  explicit TableFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
inline constexpr size_t kMaxColumns = 20'000;

}  // namespace manyshot
