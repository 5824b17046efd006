#include "table/csv_dialect.h"

#include <arrow/csv/parser.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
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
  bool has_number_column = false;   // every cell of some column below the header is a number
  size_t misfits = 0, one_longer = 0,
         one_longer_empty = 0;  // rows unlike the header; one cell longer; its last one empty
  int32_t fitting = 0;          // rows like the header, which is one

  bool rows_are_longer() const { return fitting == 1 && misfits > 1 && one_longer == misfits; }
};

void look_at_cells(const arrow::csv::BlockParser& rows, Fit& fit) {
  size_t cells = 0, numbers = 0;
  for (int32_t column = 0; column < rows.num_cols(); ++column) {
    size_t row = 0, filled = 0, wrapped = 0, column_numbers = 0;
    visit_column(rows, column, [&](std::string_view cell, bool quoted) {
      fit.has_quoted |= quoted;
      if (row++ == 0 || cell.empty()) return;
      ++filled;
      wrapped += cell.size() >= 2 && cell.front() == '\'' && cell.back() == '\'';
      column_numbers += parse_number(cell, NumberStyle::kPoint) || parse_number(cell, NumberStyle::kComma);
    });
    cells += filled;
    numbers += column_numbers;
    fit.has_number_column |= filled > 0 && column_numbers == filled;
    fit.single_quotes_wrap |= filled > 0 && wrapped == filled;
  }
  if (cells > 0) fit.number_share = static_cast<double>(numbers) / static_cast<double>(cells);
}

std::string edited(std::string_view sample, const CsvDialect& dialect) {
  std::string text(sample);
  if (const LineEdits edits = dialect.edits(); edits.any()) {
    text.clear();
    LineEditor(edits).append(sample, text);
  }
  if (!dialect.joins_spaces) return text;
  std::string joined;
  SpaceJoiner(dialect.quote).append(text, joined);
  return joined;
}

Fit measure(std::string_view sample, const CsvDialect& dialect) {
  std::string changed;
  if (dialect.joins_spaces || dialect.edits().any()) sample = changed = edited(sample, dialect);
  Fit fit;
  int32_t width = 0;
  arrow::csv::ParseOptions options = parse_options(dialect);
  options.invalid_row_handler = [&](const arrow::csv::InvalidRow& row) {
    ++fit.misfits;
    width = row.expected_columns;
    if (row.actual_columns == width + 1) {
      ++fit.one_longer;
      fit.one_longer_empty += row.text.ends_with(dialect.delimiter);
    }
    return arrow::csv::InvalidRowResult::Skip;
  };
  arrow::csv::BlockParser rows(options, /*num_cols=*/-1, /*first_row=*/-1, kSampleRows);
  uint32_t used = 0;
  const auto status = rows.Parse(sample, &used);
  if (!status.ok() || rows.num_rows() == 0) return {};
  fit.width = rows.num_cols();
  fit.fitting = rows.num_rows();
  fit.row_share =
      static_cast<double>(rows.num_rows()) / static_cast<double>(static_cast<size_t>(rows.num_rows()) + fit.misfits);
  look_at_cells(rows, fit);
  return fit;
}

// Whether a quote somewhere follows a delimiter and blanks, and every closing quote ends its cell.
bool has_quotes_after_blanks(std::string_view sample, CsvDialect dialect) {
  bool found = false;
  for (size_t at = sample.find(dialect.quote); at != std::string_view::npos && !found;
       at = sample.find(dialect.quote, at + 1)) {
    const size_t before = sample.find_last_not_of(" \t", at == 0 ? 0 : at - 1);
    found = at > 0 && before != std::string_view::npos && before + 1 < at && sample[before] == dialect.delimiter;
  }
  if (!found) return false;
  dialect.quotes_after_blanks = true;
  LineEditor editor(dialect.edits());
  std::string text;
  editor.append(sample.substr(0, sample.find_last_of("\r\n")), text);
  return editor.num_loose_quotes() == 0;
}

CsvDialect with_delimiter(std::string_view sample, CsvDialect dialect, char delimiter) {
  dialect.delimiter = delimiter;
  dialect.joins_spaces = delimiter == ' ';
  dialect.quotes_after_blanks = delimiter != ' ' && delimiter != '\t' && has_quotes_after_blanks(sample, dialect);
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

struct DelimiterFit {
  CsvDialect dialect;
  Fit fit;
};

// The rarer a character is inside cells, the earlier it comes: the first of equals wins.
constexpr char kCandidates[] = {'\t', ';', '|', ','};

// The candidate that fits most rows to the header's count; nothing if none gives the header two cells.
std::optional<DelimiterFit> best_candidate(std::string_view sample, const CsvDialect& dialect) {
  std::optional<DelimiterFit> best;
  for (const char candidate : kCandidates) {
    const CsvDialect separated = with_delimiter(sample, dialect, candidate);
    const Fit fit = measure(sample, separated);
    if (fit.width < 2) continue;
    if (!best || fit.row_share > best->fit.row_share ||
        (fit.row_share == best->fit.row_share && fit.width > best->fit.width))
      best = {separated, fit};
  }
  return best;
}

// Spaces, where every row fits them.
bool spaces_fit(const Fit& fit) { return fit.width > 1 && fit.misfits == 0 && fit.fitting > 1; }

// Rows that are one cell longer than the header: the first is the row's name, or each row ends with a delimiter.
bool give_shape(std::string_view sample, CsvDialect& dialect, const Fit& fit) {
  const bool names_one_column =
      fit.width == 1 && dialect.joins_spaces && trim_blanks(sample).starts_with(dialect.quote);
  if (!fit.rows_are_longer() || (fit.width < 2 && !names_one_column)) return false;
  dialect.shape =
      fit.one_longer_empty == fit.misfits ? CsvDialect::Shape::kTrailingDelimiter : CsvDialect::Shape::kRowNames;
  return measure(sample, dialect).misfits == 0;
}

CsvDialect sniff_delimiter(std::string_view sample, const CsvDialect& dialect) {
  const auto best = best_candidate(sample, dialect);
  if (best && best->fit.row_share > 0.5) return best->dialect;
  CsvDialect spaces = with_delimiter(sample, dialect, ' ');
  Fit fit = measure(sample, spaces);
  if (!best && spaces_fit(fit)) {
    if (fit.number_share >= 0.5 || (fit.width > 2 && fit.has_number_column)) return spaces;
    CsvDialect commas = with_delimiter(sample, dialect, ',');
    commas.notes.push_back(
        fmt::format("read as one column; if blanks separate its {} columns, give --delimiter space", fit.width));
    return commas;
  }
  for (const char candidate : kCandidates) {
    CsvDialect separated = with_delimiter(sample, dialect, candidate);
    if (give_shape(sample, separated, measure(sample, separated))) return separated;
  }
  if (!best && give_shape(sample, spaces, fit)) return spaces;
  return best ? best->dialect : with_delimiter(sample, dialect, ',');
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

// Leaves out what stands above the header, and comments.
void sniff_top(std::string_view sample, CsvDialect& dialect, std::string& delimiter) {
  std::string_view text = sample;
  const auto next_line = [&] {
    const size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++dialect.lines_left_out;
  };
  std::string line(trim_blanks(first_line(text)));
  std::erase(line, '"');
  if (line.size() == 5 && equals_ignoring_case(std::string_view(line).substr(0, 4), "sep=") &&
      text.find('\n') != std::string_view::npos) {
    dialect.notes.push_back(fmt::format("the first line ({}) names the delimiter and is no row", line));
    if (delimiter == "auto") delimiter = line.substr(4);
    next_line();
  }
  if (!text.starts_with('#')) return;
  std::vector<std::string_view> comments;
  const size_t lines_before = dialect.lines_left_out;
  while (text.starts_with('#') && text.find('\n') != std::string_view::npos) {
    comments.push_back(first_line(text));
    next_line();
  }
  if (comments.empty() || trim_blanks(text).empty()) {  // a single line, or nothing below
    dialect.lines_left_out = lines_before;
    return;
  }
  // The last of them may be the header: #CHROM, POS, …
  const std::string below = fmt::format("{}\n{}\n", comments.back(), first_line(text));
  const auto as_header = best_candidate(below, CsvDialect());
  if (as_header && as_header->fit.misfits == 0 && as_header->fit.number_share > 0) {
    --dialect.lines_left_out;
    comments.pop_back();
  } else {
    dialect.has_comments = true;
  }
  if (!comments.empty())
    dialect.notes.push_back(fmt::format("{} that start{} with # above the header {} left out as comments",
                                        comments.size() == 1 ? "1 line" : fmt::format("{} lines", comments.size()),
                                        comments.size() == 1 ? "s" : "", comments.size() == 1 ? "is" : "are"));
}

// # lines further down, where more rows fit without them.
void sniff_comments(std::string_view sample, CsvDialect& dialect) {
  if (dialect.has_comments || sample.find("\n#") == std::string_view::npos) return;
  CsvDialect without = dialect;
  without.has_comments = true;
  if (measure(sample, without).row_share <= measure(sample, dialect).row_share) return;
  dialect = without;
  dialect.notes.push_back("lines that start with # are left out as comments");
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

LineEdits CsvDialect::edits() const {
  LineEdits edits{.lines_left_out = lines_left_out,
                  .comments_left_out = has_comments,
                  .quotes_after_blanks = quotes_after_blanks,
                  .delimiter = delimiter,
                  .quote = quote};
  if (shape == Shape::kRowNames) edits.before_first = std::string("row_names") + delimiter;
  if (shape == Shape::kTrailingDelimiter) edits.behind_first = std::string(1, delimiter);
  return edits;
}

CsvDialect sniff_csv(std::string_view sample, const std::string& delimiter) {
  CsvDialect dialect;
  if (sample.find('\n') == std::string_view::npos) dialect.line_end = '\r';
  std::string wanted = delimiter;
  sniff_top(sample, dialect, wanted);
  sniff_comments(sample, dialect);
  if (wanted == "auto") {
    dialect = sniff_delimiter(sample, dialect);
  } else {
    dialect = with_delimiter(sample, dialect, delimiter_by_name(wanted));
    give_shape(sample, dialect, measure(sample, dialect));
  }
  sniff_comments(sample, dialect);
  if (dialect.shape == CsvDialect::Shape::kRowNames)
    dialect.notes.push_back("every row has one cell more than the header; the first is taken as the row's name");
  if (dialect.shape == CsvDialect::Shape::kTrailingDelimiter)
    dialect.notes.push_back("every row ends with a delimiter; the empty cell behind it is taken as a further column");

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
