// The columns of an `effects` task: tables as people have them (docs/prior.md, "effects").
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/rng.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

enum class ColumnRole {
  kNumber,
  kLevels,
  kNested,  // each level belongs to one level of its source
  kCopy,    // its source with noise
  kNoise,   // nothing depends on it, and it on nothing
  kDate,    // whole days that go up from row to row
};
constexpr auto names_of(ColumnRole) {
  return std::to_array<Named<ColumnRole>>({{ColumnRole::kNumber, "number"},
                                           {ColumnRole::kLevels, "levels"},
                                           {ColumnRole::kNested, "nested"},
                                           {ColumnRole::kCopy, "copy"},
                                           {ColumnRole::kNoise, "noise"},
                                           {ColumnRole::kDate, "date"}});
}

// The law of a number over the rows. All are increasing functions of one normal value, which latent factors share.
enum class NumberLaw {
  kNormal,
  kLognormal,
  kHeavyTailed,  // g exp(h g^2 / 2)
  kUniform,
  kMultimodal,
  kZeroInflated,
  kCounts,
  kOrdinal,
  kRounded,
};
constexpr auto names_of(NumberLaw) {
  return std::to_array<Named<NumberLaw>>({{NumberLaw::kNormal, "normal"},
                                          {NumberLaw::kLognormal, "lognormal"},
                                          {NumberLaw::kHeavyTailed, "heavy_tailed"},
                                          {NumberLaw::kUniform, "uniform"},
                                          {NumberLaw::kMultimodal, "multimodal"},
                                          {NumberLaw::kZeroInflated, "zero_inflated"},
                                          {NumberLaw::kCounts, "counts"},
                                          {NumberLaw::kOrdinal, "ordinal"},
                                          {NumberLaw::kRounded, "rounded"}});
}
inline constexpr size_t kNumNumberLaws = names_of(NumberLaw{}).size();

struct EffectColumn {
  ColumnRole role = ColumnRole::kNumber;
  ColumnInfo info;
  size_t source = 0;               // of kNested and kCopy; an earlier column
  std::vector<int32_t> parent_of;  // [num_levels] the source's level, kNested
  bool has_levels() const { return info.kind == ColumnKind::kCategorical; }
  // The target may depend on it.
  bool is_cause() const { return role != ColumnRole::kCopy && role != ColumnRole::kNoise; }
};

struct EffectTable {
  std::vector<EffectColumn> columns;
  NodeMatrix values;   // [F, rows] what the table shows, before cells go missing; levels as numbers
  NodeMatrix drivers;  // [F, rows] what effects of numbers read: standardised values within 4 deviations, or the normal
                       // value behind them
  size_t num_rows() const { return values.num_rows(); }
  int32_t level(size_t column, size_t row) const { return static_cast<int32_t>(values.node(column)[row]); }
  std::vector<size_t> numbers() const;  // columns that the target may depend on
  std::vector<size_t> levels() const;
  std::vector<size_t> causes() const;  // both
};

// Fills the table. The first column is always a cause. With `notes`, column j is node "fj".
void draw_effect_columns(size_t num_columns, size_t num_rows, const Rng& rng, EffectTable& table, Notes* notes);

// x = (values - mean) / deviation, within 4 deviations; zeros when the values are constant.
void standardise_within(const float* values, size_t num_rows, float* x);

}  // namespace manyshot::prior
