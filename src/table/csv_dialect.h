// How a CSV file separates and quotes its cells, and the guess at it from the file's first rows.
#pragma once

#include <string>
#include <string_view>

namespace manyshot {

struct CsvDialect {
  char delimiter = ',';
  bool joins_spaces = false;  // delimiter ' ': runs of spaces and tabs are one (SpaceJoiner)
  char quote = '"';
  bool backslash_escapes = false;  // \" inside quotes; doubled quotes are always understood
  char line_end = '\n';            // '\r' for files that have no '\n'
};

// "comma", "semicolon", "tab", "bar", "spaces", or the character in quotes.
std::string delimiter_name(char delimiter);

// `sample`: the start of the file's text; a last line without its line end is ignored. `delimiter` as in ReadOptions.
//   delimiter: of , ; tab | the one that gives the header two or more cells and fits most rows to the header's count;
//   spaces if none
//     does, every row fits, and half of the cells below the header are numbers; else a comma (one column)
//   quote: ' if no cell is in " and it fits more rows, or wraps every cell of some column; else "
//   backslash escapes: if they fit more rows
// Throws Error(kBadInput) for a delimiter that cannot be one.
CsvDialect sniff_csv(std::string_view sample, const std::string& delimiter);

}  // namespace manyshot
