// How columns and labels read their values off a node, and what they leave there for the node's children
// (docs/prior.md, "graph").
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "prior/graph/mechanisms.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// What a numeric column's values look like. All but the first two keep the order of the node's values and take their
// law from elsewhere.
enum class Marginal {
  kIdentity,
  kKumaraswamy,  // 1 - (1 - x^a)^b of values scaled to [0, 1]
  kNormal,
  kHeavyTailed,
  kUniform,
  kMultimodal,
  kZeroInflated,
  kCounts,
  kOrdinal,
};
constexpr auto names_of(Marginal) {
  return std::to_array<Named<Marginal>>({{Marginal::kIdentity, "identity"},
                                         {Marginal::kKumaraswamy, "kumaraswamy"},
                                         {Marginal::kNormal, "normal"},
                                         {Marginal::kHeavyTailed, "heavy_tailed"},
                                         {Marginal::kUniform, "uniform"},
                                         {Marginal::kMultimodal, "multimodal"},
                                         {Marginal::kZeroInflated, "zero_inflated"},
                                         {Marginal::kCounts, "counts"},
                                         {Marginal::kOrdinal, "ordinal"}});
}
inline constexpr size_t kNumMarginals = names_of(Marginal{}).size();

// How levels come about. The first seven are native: a row's levels are places in the node's space, not cuts of a
// score.
enum class LevelRule {
  kNeighbourId,        // nearest of c random rows; the node stays as it is
  kNeighbourCentre,    // …; the node becomes the centre
  kNeighbourFunction,  // …; a random function of the centre
  kNeighbourIndex,     // …; the index
  kSoftmaxId,          // drawn from softmax(a z + ln w)
  kSoftmaxPoint,       // …; the node becomes a random point of the level
  kSoftmaxIndex,       // …; the index
  kThreshold,          // of one dimension at normal draws (labels only, as the three below)
  kRank,               // of one dimension at values of random rows
  kArgMax,             // the largest of c scores with noise
  kTree,               // the leaf of a random decision tree
};
constexpr auto names_of(LevelRule) {
  return std::to_array<Named<LevelRule>>({{LevelRule::kNeighbourId, "neighbour"},
                                          {LevelRule::kNeighbourCentre, "neighbour_centre"},
                                          {LevelRule::kNeighbourFunction, "neighbour_function"},
                                          {LevelRule::kNeighbourIndex, "neighbour_index"},
                                          {LevelRule::kSoftmaxId, "softmax"},
                                          {LevelRule::kSoftmaxPoint, "softmax_point"},
                                          {LevelRule::kSoftmaxIndex, "softmax_index"},
                                          {LevelRule::kThreshold, "threshold"},
                                          {LevelRule::kRank, "rank"},
                                          {LevelRule::kArgMax, "argmax"},
                                          {LevelRule::kTree, "tree"}});
}
inline constexpr size_t kNumLevelRules = names_of(LevelRule{}).size();
inline constexpr size_t kNumNativeRules = 7;

// One column or label on a node: which of the node's dimensions it reads.
struct Converter {
  ColumnKind kind = ColumnKind::kNumeric;
  Marginal marginal = Marginal::kIdentity;
  LevelRule rule = LevelRule::kNeighbourId;
  int num_levels = 0;
  size_t num_dimensions = 1;
};
Converter draw_numeric_converter(CorrelatedDraws& draws);
Converter draw_level_converter(LevelRule rule, int num_levels, CorrelatedDraws& draws);
// For a categorical column any native rule; for a label also the others.
LevelRule draw_level_rule(bool is_label, Draws& draws);

// Reads the slice (num_dimensions columns), writes the column's values, and overwrites the slice with what children
// see.
class Converters {
 public:
  // `values` [rows]: numbers, counts, or levels 0..num_levels-1 (some may be empty). Fills kind and levels of `info`.
  void convert(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice, std::vector<float>& values,
               ColumnInfo& info, std::string* text);

 private:
  void convert_number(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice, std::vector<float>& values,
                      ColumnInfo& info, std::string* text);
  void convert_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice, std::vector<float>& values,
                      std::string* text);
  // By family of LevelRule: fill `levels` [rows], overwrite the slice with what children see, and return the rule's
  // numbers in words.
  std::string neighbour_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                               std::vector<uint32_t>& levels);
  std::string softmax_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                             std::vector<uint32_t>& levels);
  std::string arg_max_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                             std::vector<uint32_t>& levels);
  std::string tree_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                          std::vector<uint32_t>& levels);
  std::string threshold_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                               std::vector<uint32_t>& levels);

  RandomFunctions functions_;
  NodeMatrix scratch_, result_;
};

enum class Missingness { kMcar, kMar, kMnar };
constexpr auto names_of(Missingness) {
  return std::to_array<Named<Missingness>>(
      {{Missingness::kMcar, "mcar"}, {Missingness::kMar, "mar"}, {Missingness::kMnar, "mnar"}});
}
inline constexpr size_t kNumMissingness = names_of(Missingness{}).size();

// Some columns lose cells (NaN): completely at random, by the value of another column, or by their own. `columns` is
// [F nodes, rows]. Returns a sentence.
std::string remove_cells(Missingness kind, CorrelatedDraws& draws, NodeMatrix& columns, std::vector<ColumnInfo>& info);

}  // namespace manyshot::prior
