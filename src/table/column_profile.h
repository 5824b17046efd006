// What a column's cells could turn out to be: everything is gathered in one pass, and its schema decided at the end.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "table/cell_values.h"
#include "table/schema.h"
#include "table/string_set.h"

namespace manyshot {

// What is known of a column before its cells.
struct ColumnKind {
  bool is_label = false;       // every distinct spelling is kept, and the column will be categorical
  bool is_typed_text = false;  // strings by the file's own word
};

class ColumnProfile {
 public:
  // `expected`: how another file's column of the same meaning is read; it must outlive the profile.
  ColumnProfile(std::string name, ColumnKind kind, const ColumnSchema* expected = nullptr)
      : name_(std::move(name)), kind_(kind), expected_(expected) {}

  // Cells of rows first_row, first_row + 1, …; data() == nullptr is missing.
  void add(std::span<const std::string_view> cells, uint64_t first_row);

  // `semicolon_separated` as TableFile says. Ends the profile.
  ColumnSchema finish(bool semicolon_separated);

  // After finish(): 0, 1, 2, … or 1, 2, 3, … in file order; another whole number or text in every row, as far as
  // spellings are tracked.
  bool counts_rows() const;
  bool differs_in_every_row(const ColumnSchema& schema) const;

  // What fit_schema says of the column. Ends the profile. REQUIRES: it was made with `expected`.
  ColumnFit fit(bool semicolon_separated);

 private:
  // A cell and its row, the earliest of those noted.
  struct First {
    std::string cell;
    uint64_t row = std::numeric_limits<uint64_t>::max();

    void note(std::string_view text, uint64_t at_row) {
      if (at_row < row) *this = {std::string(text), at_row};
    }
  };

  // The column read as numbers in one style, or as dates in one order.
  struct Reading {
    uint64_t finite = 0, infinite = 0;
    uint64_t inside = 0;  // the range of the expected column
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -std::numeric_limits<double>::infinity();
    double sum = 0;
    First first_unreadable;

    void add(std::optional<double> value, std::string_view cell, uint64_t row, uint64_t count,
             const ColumnSchema* range);
    void add(const Reading& other);
    uint64_t cells() const { return finite + infinite; }
    // At least 90 % of `present` cells.
    bool covers(uint64_t present) const { return cells() * 10 >= present * 9; }
  };
  // Cells with a decimal mark or groups, by the mark that can read them.
  struct Marks {
    uint64_t only_point = 0, only_comma = 0, either = 0;

    void add(const NumberReadings& value, uint64_t count);
    bool are_open() const { return only_point + only_comma + either == 0; }
    DecimalMark decimal(bool semicolon_separated) const;
  };
  // Cells beyond plain numbers that share grouping, quantity and unit, with either decimal mark.
  struct SpellingGroup {
    NumberSpelling key;
    Reading point, comma;
    Marks marks;
    uint64_t cells = 0;
    First first;
  };
  struct Count {
    uint64_t cells = 0;
    uint64_t first_row = 0;
    bool is_missing_word = false;
  };
  struct Tally {
    std::string spelling;
    uint64_t cells = 0;
  };

  bool is_missing_word(std::string_view cell) const;
  void check_counting(std::string_view cell, uint64_t row);
  void read_cell(std::string_view cell, uint64_t row, uint64_t count);
  bool read_number(std::string_view cell, uint64_t row, uint64_t count);
  bool read_spelt_number(std::string_view cell, uint64_t row, uint64_t count);

  void read_spellings();

  Reading reading_of(const NumberStyle& style) const;
  Marks marks_of(const NumberStyle& style) const;
  NumberStyle number_style(bool semicolon_separated) const;
  std::optional<DateOrder> date_order() const;
  Reading& date_reading(DateOrder order) { return dates_[static_cast<size_t>(order)]; }
  const Reading& date_reading(DateOrder order) const { return dates_[static_cast<size_t>(order)]; }
  uint64_t num_distinct() const;
  // The gap marks that leave `reading` covering the rest, or nothing where none do.
  std::optional<std::vector<GapMark>> gap_marks(const Reading& reading) const;
  bool is_boolean() const;
  void describe(const Reading& reading, ColumnType type, std::vector<GapMark> gaps, ColumnSchema& schema) const;
  void describe_numbers(const NumberStyle& style, std::vector<GapMark> gaps, ColumnSchema& schema) const;
  void describe_dates(DateOrder order, std::vector<GapMark> gaps, ColumnSchema& schema) const;
  void describe_boolean(ColumnSchema& schema) const;
  void describe_label(ColumnSchema& schema) const;
  void describe_strings(ColumnSchema& schema) const;
  NumberStyle fitted_style(const ColumnSchema& own, bool semicolon_separated) const;
  DateOrder fitted_order() const;

  std::string name_;
  ColumnKind kind_;
  const ColumnSchema* expected_;
  uint64_t present_ = 0, missing_ = 0;
  uint64_t whole_numbers_ = 0;
  std::optional<uint64_t> first_counted_;  // the number in row 0 while the column counts the rows
  bool counts_rows_ = true;

  // Few distinct spellings: they are counted here and read once at the end. Past kMaxTrackedDistinct they are read, the
  // memory is given back, and every further cell is read as it comes.
  StringSet spellings_;
  std::vector<Count> counts_;
  size_t num_missing_words_ = 0;
  bool too_many_spellings_ = false;
  std::vector<std::string> examples_;

  Reading point_, comma_;
  std::array<Reading, kNumDateOrders> dates_;
  Reading as_expected_;
  std::vector<SpellingGroup> groups_;  // at most kMaxGroups
  Marks marks_;                        // of plain numbers
  First first_number_, first_other_;   // no dates; neither numbers, dates nor gap marks
  First first_date_;
  std::vector<Tally> gaps_, others_;  // gap marks; other cells that nothing reads. At most kMaxTallies each
  bool too_many_others_ = false;
  uint64_t gap_cells_ = 0;
  uint64_t short_years_ = 0;
  std::array<std::array<uint64_t, 2>, kNumBooleanPairs> words_{};
};

}  // namespace manyshot
