// Table cells as the published text prompts print them (arXiv 2509.06806, section 2.4.2, and the code published with
// it).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/names.h"
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

class CellText {
 public:
  // `shots`: the labelled rows, from which all statistics come.
  CellText(const Table& shots, NumberText style);

  // `table` has the columns of `shots`.
  std::string cell(const Table& table, size_t row, size_t column) const;

 private:
  struct ColumnText {
    double mean = 0, deviation = 0;
    bool is_text = false;
    bool has_point = false;  // prints ".0"
  };
  std::vector<ColumnText> columns_;
  NumberText style_;
};

}  // namespace manyshot
