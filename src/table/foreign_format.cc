#include "table/foreign_format.h"

#include "core/error.h"
#include "table/cell_values.h"

namespace manyshot {
namespace {

using namespace std::string_view_literals;

struct Format {
  std::string_view magic;
  const char* what;
  const char* next_step;
};

constexpr const char* kSaveAsCsv = "open it in the program that made it and save the sheet as CSV";
constexpr const char* kConvert = "convert it to CSV or Parquet first";

constexpr Format kFormats[] = {
    {"PK\x03\x04"sv, "a zip archive or an Excel or OpenDocument workbook", kSaveAsCsv},
    {"\xD0\xCF\x11\xE0"sv, "an old Excel workbook", kSaveAsCsv},
    {"\xFD"
     "7zXZ"sv,
     "compressed by xz", "decompress it with `xz -d` first"},
    {"7z\xBC\xAF"sv, "a 7z archive", "unpack it first"},
    {"%PDF-"sv, "a PDF document", kConvert},
    {"SQLite format 3\0"sv, "an SQLite database",
     "export the table as CSV (sqlite3 -csv -header FILE \"select * from TABLE\")"},
    {"ARROW1"sv, "an Arrow or Feather file", kConvert},
    {"ORC"sv, "an ORC file", kConvert},
    {"Obj\x01"sv, "an Avro file", kConvert},
    {"\x89HDF"sv, "an HDF5 file", kConvert},
    {"RDX2\n"sv, "an R data file", kConvert},
    {"RDX3\n"sv, "an R data file", kConvert},
    {"<!DOCTYPE"sv, "an HTML page", "check the download link, and fetch the CSV file itself"},
    {"<!doctype"sv, "an HTML page", "check the download link, and fetch the CSV file itself"},
    {"<html"sv, "an HTML page", "check the download link, and fetch the CSV file itself"},
    {"<?xml"sv, "an XML file", kConvert},
    {"version https://git-lfs"sv, "a Git LFS pointer", "fetch the file itself with `git lfs pull`"},
};

bool looks_like_json(std::string_view text) {
  if (text.starts_with('{')) return true;
  if (!text.starts_with('[')) return false;
  text = trim_blanks(text.substr(1));
  return text.starts_with('{') || text.starts_with('[');
}

}  // namespace

void reject_foreign_format(std::string_view path, std::string_view head) {
  const std::string_view text = trim_blanks(head);
  for (const Format& format : kFormats) {
    if (head.starts_with(format.magic) || text.starts_with(format.magic)) {
      fail(ErrorKind::kUnsupported, "{}: this is {}, not CSV or Parquet; {}", path, format.what, format.next_step);
    }
  }
  if (looks_like_json(text)) fail(ErrorKind::kUnsupported, "{}: this is JSON, not CSV or Parquet; {}", path, kConvert);
}

}  // namespace manyshot
