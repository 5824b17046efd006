// Table cells as text prompts print them: the published ones (arXiv 2509.06806, section 2.4.2, and the code published
// with it), and `lines`.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/names.h"
#include "encoding/prompt_format.h"
#include "encoding/rank_scale.h"
#include "table/table.h"

namespace manyshot {

// Numbers, booleans (0/1) and dates (days): z-scored by the labelled rows with the n - 1 standard deviation and printed
// as integers.
//   kPaper      clip(floor(120 z + 500.5), 0, 999); missing, and any value of a constant column: 500
//   kPublished  what the code published with the paper does: z clipped to +-1000, 120 z + 500 cut off towards zero, no
//   upper clip; a
//               deviation under 1e-6 counts as 1e-6; ".0" behind the values of columns that hold decimals or gaps, and
//               behind all values when no column is text
// Strings are printed as they are, commas and line ends as blanks; a missing one is "nan".
enum class NumberText { kPaper, kPublished };
constexpr auto names_of(NumberText) {
  return std::to_array<Named<NumberText>>({{NumberText::kPaper, "paper"}, {NumberText::kPublished, "repo"}});
}

inline constexpr int kPaperDigits = 3, kLineDigits = 2;

class CellText {
 public:
  // `shots`: the labelled rows, from which all statistics come.
  CellText(const Table& shots, NumberText style);
  // As `lines` has them: numbers of `digits` digits, 1 to 3, kPaper's code with the others cut off it, with zeros in
  // front; whatever is missing is "nan". Categories are letters, "new" where no labelled row has them, or `has_words`.
  static CellText of_lines(const Table& shots, int digits, bool has_words);

  // `table` has the columns of `shots`. Of lines, the view has the scale of numbers (ranks are normal scores), and
  // decides which letter is which category.
  std::string cell(const Table& table, size_t row, size_t column, const TaskView& view = {}) const;

 private:
  struct ColumnText {
    double mean = 0, deviation = 0;
    bool is_text = false;
    bool has_point = false;  // prints ".0"
    // Of lines:
    RankScale ranks;
    std::unordered_map<std::string, size_t> places;  // of categories, in the order in which rows have them
  };
  std::string number_text(const ColumnText& text, double value, NumberScale scale) const;
  std::string letters(const ColumnText& text, const std::string& category, uint64_t shift) const;

  std::vector<ColumnText> columns_;
  NumberText style_;
  int line_digits_ = 0;  // 0: not of lines
  bool has_words_ = true;
};

}  // namespace manyshot
