// The `compact` format, version 2: a cell is a number (value and rank at once), a category or missing; what is
// predicted is a class or a number. Format: docs/formats/compact.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "encoding/compact_vocabulary.h"
#include "encoding/features.h"
#include "encoding/number_code.h"
#include "encoding/prompt_format.h"
#include "encoding/rank_scale.h"

namespace manyshot {

class TypedFormat : public PromptFormat {
 public:
  // `shots` are the labelled rows; everything is fitted on these only. `labels` [N] are their class indices.
  // REQUIRES: vocabulary.cells.
  TypedFormat(const Table& shots, std::span<const int32_t> labels, const CompactVocabulary& vocabulary);
  // `targets` [N] are their numbers to predict, finite; TaskView::labels is not read.
  TypedFormat(const Table& shots, std::span<const double> targets, const CompactVocabulary& vocabulary);
  // One of classes that write() wrote, of a table of so many columns; it has no labelled rows: its contexts are empty.
  TypedFormat(ByteReader& reader, size_t num_columns, const CompactVocabulary& vocabulary);
  // Not of numbers, and not where other models' shares are among the columns.
  bool write(ByteWriter& writer) const override;

  std::string_view name() const override { return name_of(PromptStyle::kCompact); }
  size_t num_features() const override { return columns_.size(); }
  const std::vector<std::string>& notes() const override { return encoder_.notes(); }
  // The share of the target's variance between the levels of a category, or of the codes' variance between the classes,
  // beyond what chance gives; for two numbers their squared correlation.
  std::vector<double> relevance() const override;
  Prompt prompt(const TaskView& view) const override;
  std::vector<QueryTokens> queries(const Table& queries, std::span<const TaskView> views) const override;

  bool predicts_number() const { return predicts_number_; }
  // How a number to predict became a code.
  const NumberCode& target_code() const { return target_code_; }

 private:
  // A feature as it is written: a number, or levels of a category.
  struct TypedColumn {
    bool is_nominal = false;
    int32_t share_of = -1;  // a class: another model's share of it
    NumberCode value, rank;
    RankScale scale;
    std::vector<uint32_t> levels;  // nominal: by decreasing frequency in the labelled rows
    double missing_level = kMissingNumber;
  };
  // Category token ids of every nominal feature's levels, as a member sees them; -1: none of its own.
  using LevelIds = std::vector<std::vector<int32_t>>;

  void fit(const Table& shots);
  // What a cell is whatever the member: a level, or the place among number cells.
  static constexpr uint32_t kMissingCell = UINT32_MAX, kUnseenCell = UINT32_MAX - 1;
  std::vector<uint32_t> cells(const FeatureMatrix& features) const;  // [rows, F]
  LevelIds draw_ids(const TaskView& view) const;
  TokenId token(const TaskView& view, uint32_t cell, size_t feature, const LevelIds& ids) const;
  double level_relevance(size_t feature) const;
  double number_relevance(size_t feature) const;

  FeatureEncoder encoder_;
  std::vector<TypedColumn> columns_;  // [F]
  std::vector<uint32_t> shot_cells_;  // [N, F]
  bool predicts_number_;
  std::vector<int32_t> labels_;    // [N] or empty
  std::vector<int> target_codes_;  // [N] or empty
  NumberCode target_code_;
  CompactVocabulary vocabulary_;
};

}  // namespace manyshot
