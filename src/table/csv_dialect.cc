#include "table/csv_dialect.h"

#include <arrow/csv/parser.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "table/arrow_csv.h"
#include "table/cell_values.h"
#include "table/text_source.h"

namespace manyshot {
namespace {

constexpr int32_t kSampleRows = 1000;

// What a sample looks like in one dialect.
struct Fit {
  int32_t width = 0;        // cells of the header
  double row_share = 0;     // of rows as wide as the header
  double number_share = 0;  // of cells below the header
  bool has_quoted = false;
  bool single_quotes_wrap = false;  // every cell of some column below the header is in single quotes
};

void look_at_cells(const arrow::csv::BlockParser& rows, Fit& fit) {
  size_t cells = 0, numbers = 0;
  for (int32_t column = 0; column < rows.num_cols(); ++column) {
    size_t row = 0, filled = 0, wrapped = 0;
    visit_column(rows, column, [&](std::string_view cell, bool quoted) {
      fit.has_quoted |= quoted;
      if (row++ == 0 || cell.empty()) return;
      ++filled;
      wrapped += cell.size() >= 2 && cell.front() == '\'' && cell.back() == '\'';
      numbers += parse_number(cell, NumberStyle::kPoint) || parse_number(cell, NumberStyle::kComma);
    });
    cells += filled;
    fit.single_quotes_wrap |= filled > 0 && wrapped == filled;
  }
  if (cells > 0) fit.number_share = static_cast<double>(numbers) / static_cast<double>(cells);
}

Fit measure(std::string_view sample, const CsvDialect& dialect) {
  std::string joined;
  if (dialect.joins_spaces) {
    SpaceJoiner(dialect.quote).append(sample, joined);
    sample = joined;
  }
  int32_t misfits = 0;
  arrow::csv::ParseOptions options = parse_options(dialect);
  options.invalid_row_handler = [&misfits](const arrow::csv::InvalidRow&) {
    ++misfits;
    return arrow::csv::InvalidRowResult::Skip;
  };
  arrow::csv::BlockParser rows(options, /*num_cols=*/-1, /*first_row=*/-1, kSampleRows);
  uint32_t used = 0;
  const auto status = rows.Parse(sample, &used);
  Fit fit;
  if (!status.ok() || rows.num_rows() == 0) return fit;
  fit.width = rows.num_cols();
  fit.row_share = static_cast<double>(rows.num_rows()) / (rows.num_rows() + misfits);
  look_at_cells(rows, fit);
  return fit;
}

CsvDialect with_delimiter(CsvDialect dialect, char delimiter) {
  dialect.delimiter = delimiter;
  dialect.joins_spaces = delimiter == ' ';
  return dialect;
}

char delimiter_by_name(const std::string& name) {
  if (name == "tab" || name == "\\t") return '\t';
  if (name == "space") return ' ';
  const bool usable = name.size() == 1 && static_cast<unsigned char>(name[0]) < 0x80 &&
                      std::string_view("\r\n\"'\\").find(name[0]) == std::string_view::npos && name[0] != '\0';
  if (!usable) {
    fail(ErrorKind::kBadInput,
         "\"{}\" cannot be the delimiter of a CSV file; give one ASCII character other than a quote, backslash or line "
         "end, or \"tab\", \"space\" or \"auto\"",
         excerpt(name));
  }
  return name[0];
}

char sniff_delimiter(std::string_view sample, const CsvDialect& dialect) {
  char best = ',';
  double best_share = 0;
  int32_t best_width = 1;
  // The rarer a character is inside cells, the earlier it comes: the first of equals wins.
  for (const char candidate : {'\t', ';', '|', ','}) {
    const Fit fit = measure(sample, with_delimiter(dialect, candidate));
    if (fit.width < 2) continue;
    if (fit.row_share > best_share || (fit.row_share == best_share && fit.width > best_width)) {
      best = candidate;
      best_share = fit.row_share;
      best_width = fit.width;
    }
  }
  if (best_width > 1) return best;
  const Fit spaces = measure(sample, with_delimiter(dialect, ' '));
  return spaces.width > 1 && spaces.row_share == 1 && spaces.number_share >= 0.5 ? ' ' : ',';
}

}  // namespace

std::string delimiter_name(char delimiter) {
  switch (delimiter) {
    case ',':
      return "comma";
    case ';':
      return "semicolon";
    case '\t':
      return "tab";
    case '|':
      return "bar";
    case ' ':
      return "spaces";
    default:
      return fmt::format("\"{}\"", delimiter);
  }
}

CsvDialect sniff_csv(std::string_view sample, const std::string& delimiter) {
  CsvDialect dialect;
  if (sample.find('\n') == std::string_view::npos) dialect.line_end = '\r';
  dialect =
      with_delimiter(dialect, delimiter == "auto" ? sniff_delimiter(sample, dialect) : delimiter_by_name(delimiter));

  const Fit plain = measure(sample, dialect);
  CsvDialect escaped = dialect;
  escaped.backslash_escapes = true;
  if (sample.find("\\\"") != std::string_view::npos && measure(sample, escaped).row_share > plain.row_share) {
    return escaped;
  }
  CsvDialect single = dialect;
  single.quote = '\'';
  if (!plain.has_quoted && sample.find('\'') != std::string_view::npos &&
      (plain.single_quotes_wrap || measure(sample, single).row_share > plain.row_share)) {
    return single;
  }
  return dialect;
}

}  // namespace manyshot
