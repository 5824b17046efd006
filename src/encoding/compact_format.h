// The `compact` format: each number code, label and the bar is one token. Format: docs/formats/compact.md.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "encoding/compact_vocabulary.h"
#include "encoding/features.h"
#include "encoding/number_code.h"
#include "encoding/prompt_format.h"
#include "encoding/rank_scale.h"

namespace manyshot {

class CompactFormat : public PromptFormat {
 public:
  // `shots` are the labelled rows and `labels` their class indices [N]; features and number codes are fitted on these
  // rows only.
  CompactFormat(const Table& shots, std::span<const int32_t> labels, const CompactVocabulary& vocabulary);
  // One that write() wrote, of a table of so many columns; it has no labelled rows: its contexts are empty.
  CompactFormat(ByteReader& reader, size_t num_columns, const CompactVocabulary& vocabulary);
  bool write(ByteWriter& writer) const override;

  std::string_view name() const override { return name_of(PromptStyle::kCompact); }
  size_t num_features() const override { return encoder_.feature_names().size(); }
  const std::vector<std::string>& notes() const override { return encoder_.notes(); }
  // The share of the codes' variance that lies between the class means (eta squared).
  std::vector<double> relevance() const override;
  Prompt prompt(const TaskView& view) const override;
  std::vector<QueryTokens> queries(const Table& queries, std::span<const TaskView> views) const override;

 private:
  // The codes of all cells on both scales.
  struct Codes {
    std::vector<uint16_t> of_values, of_ranks;  // [rows, F]
    const std::vector<uint16_t>& on(NumberScale scale) const {
      return scale == NumberScale::kRanks ? of_ranks : of_values;
    }
  };
  Codes encode(const FeatureMatrix& features) const;

  FeatureEncoder encoder_;
  std::vector<NumberCode> value_codes_, rank_codes_;  // [F]
  std::vector<RankScale> rank_scales_;                // [F]
  Codes shot_codes_;                                  // N rows
  std::vector<int32_t> labels_;                       // [N]
  CompactVocabulary vocabulary_;
};

}  // namespace manyshot
