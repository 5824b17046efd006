// How a CSV file separates and quotes its cells, and the guess at it from the file's first rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "table/text_source.h"

namespace manyshot {

struct CsvDialect {
  // How rows and header fit: alike; rows one cell longer, the first being the row's name (as R writes them); rows one
  // cell longer because each ends with a delimiter.
  enum class Shape { kPlain, kRowNames, kTrailingDelimiter };

  char delimiter = ',';
  bool joins_spaces = false;  // delimiter ' ': runs of spaces and tabs are one (SpaceJoiner)
  char quote = '"';
  bool backslash_escapes = false;  // \" inside quotes; doubled quotes are always understood
  char line_end = '\n';            // '\r' for files that have no '\n'
  Shape shape = Shape::kPlain;
  size_t lines_left_out = 0;         // at the top: "sep=;" and comments
  bool has_comments = false;         // lines that start with # are left out
  bool quotes_after_blanks = false;  // a, "b": blanks around quotes are left out
  std::vector<std::string> notes;    // what had to be decided or left out, as sentences

  LineEdits edits() const;
};

// "comma", "semicolon", "tab", "bar", "spaces", or the character in quotes.
std::string delimiter_name(char delimiter);

// `sample`: the start of the file's text; a last line without its line end is ignored. `delimiter` as in ReadOptions.
//   top: a first line "sep=;" names the delimiter; lines that start with # before the header are comments, unless the
//   last
//     of them has as many cells as the line below it and names where that has numbers; # lines further down are
//     comments where more rows fit without them
//   delimiter: of , ; tab | the one that gives the header two or more cells and fits most rows to the header's count;
//     spaces if none does, every row fits, and half of the cells below the header are numbers, or there are three
//     columns or more and one of them holds numbers only; else a comma (one column), with a note if spaces would fit
//   shape: if no row fits the header and all have one cell more
//   quote: ' if no cell is in " and it fits more rows, or wraps every cell of some column; else "
//   backslash escapes: if they fit more rows
//   blanks around quotes: left out where some quote follows a delimiter and blanks, and nothing else follows closing
//   quotes
// Throws Error(kBadInput) for a delimiter that cannot be one.
CsvDialect sniff_csv(std::string_view sample, const std::string& delimiter);

}  // namespace manyshot
