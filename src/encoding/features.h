// Features: every column of a table as numbers, the common ground of the number code and of the baselines.
//
// Rules, fitted on the labelled rows:
//   numeric, boolean, date  the number itself (0/1; days since 1970-01-01)
//   categorical             the rank of the string among the labelled rows' distinct strings, sorted by bytes (strings
//   that are all
//                           numbers: by value); a missing cell is a category of its own, the last, when the labelled
//                           rows have one
//   text                    its length in characters (what its words say: encoding/parts/column_parts.h)
// A string that no labelled row has is missing. A number, boolean, date or text length that is missing in some labelled
// rows and the same in all others is a flag: missing is 0, or 1 where the value is 0. Other columns without two
// different values in the labelled rows are left out, and noted.
//
// A categorical column is nominal unless its strings are all numbers or it has only two, a missing cell counted as one:
// its ranks name categories and say nothing else. Trees that can read categories as such (predict/xgboost.h) do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "table/table.h"

namespace manyshot {

// [N, F] numbers, row-major; NaN is missing.
struct FeatureMatrix {
  size_t num_rows = 0;
  size_t num_features = 0;
  std::vector<double> values;
  std::vector<bool> nominal;      // [F] categories without an order, numbered from 0; empty: none is
  std::vector<int32_t> share_of;  // [F] as Column has it; empty: none
  std::vector<double>
      missing_levels;  // [F] the category that stands for a missing cell; NaN: none; empty: no columns do

  bool is_nominal(size_t feature) const { return !nominal.empty() && nominal[feature]; }
  bool has_nominal() const { return std::ranges::find(nominal, true) != nominal.end(); }
  double at(size_t row, size_t feature) const { return values[row * num_features + feature]; }
  std::vector<double> column(size_t feature) const;
};

class FeatureEncoder {
 public:
  // `shots` are the labelled rows. Throws Error(kBadInput) when no column is left.
  static FeatureEncoder fit(const Table& shots);

  // The notes are not kept.
  void write(ByteWriter& writer) const;
  // Of a table of so many columns. Throws Error(kCorruptFile) for features of others.
  static FeatureEncoder read(ByteReader& reader, size_t num_columns);

  // `table` has the columns of `shots` in the same order, categories extended as read_rows does.
  FeatureMatrix transform(const Table& table) const;

  const std::vector<std::string>& feature_names() const { return names_; }
  // What the encoding had to leave out or lose, as sentences.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Feature {
    size_t column;  // index into Table::columns
    ColumnType type;
    std::vector<double> ranks;        // categorical: by category code of the labelled rows; NaN for one they lack
    double missing = kMissingNumber;  // the number a missing cell stands for
    bool nominal = false;
    int32_t share_of = -1;
  };
  double value(const Feature& feature, const Column& column, size_t row) const;

  std::vector<Feature> features_;
  std::vector<std::string> names_;
  std::vector<std::string> notes_;
};

}  // namespace manyshot
