// Everything a column's cells could turn out to be, gathered in one pass, from which its schema is decided at the end.
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

class ColumnProfile {
 public:
  // `is_label`: every distinct spelling is kept, and the column will be categorical.
  ColumnProfile(std::string name, bool is_label) : name_(std::move(name)), is_label_(is_label) {}

  // Cells of rows first_row, first_row + 1, …; data() == nullptr is missing.
  void add(std::span<const std::string_view> cells, uint64_t first_row);

  // `semicolon_separated` as TableFile says. Ends the profile.
  ColumnSchema finish(bool semicolon_separated);

 private:
  // The column read as numbers in one style, or as dates in one order.
  struct Reading {
    uint64_t finite = 0, infinite = 0;
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -std::numeric_limits<double>::infinity();
    double sum = 0;
    std::string first_unreadable;
    uint64_t first_unreadable_row = std::numeric_limits<uint64_t>::max();

    void add(std::optional<double> value, std::string_view cell, uint64_t row, uint64_t count);
    // At least 90 % of `present` cells.
    bool covers(uint64_t present) const { return (finite + infinite) * 10 >= present * 9; }
  };

  void read_cell(std::string_view cell, uint64_t row, uint64_t count);
  void read_spellings();
  NumberStyle number_style(bool semicolon_separated) const;
  bool is_boolean() const;
  void describe(const Reading& reading, ColumnType type, ColumnSchema& schema) const;
  void describe_boolean(ColumnSchema& schema) const;
  void describe_strings(ColumnSchema& schema);

  std::string name_;
  bool is_label_;
  uint64_t present_ = 0, missing_ = 0;

  // Few distinct spellings: they are counted here and read once at the end. Past kMaxTrackedDistinct they are read, the
  // memory is given back, and every further cell is read as it comes.
  struct Count {
    uint64_t cells;
    uint64_t first_row;
  };
  StringSet spellings_;
  std::vector<Count> counts_;
  bool too_many_spellings_ = false;
  std::vector<std::string> examples_;

  Reading point_, comma_, month_first_, day_first_;
  uint64_t only_point_ = 0, only_comma_ = 0,
           either_style_ = 0;  // cells with separators, by the style that can read them
  std::array<std::array<uint64_t, 2>, kNumBooleanPairs> words_{};
};

}  // namespace manyshot
