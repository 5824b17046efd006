// How a model is asked, settled before any task is seen. `predict`, which scores the prompts, and `prompt`, which shows
// them, make the same plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "model/model.h"
#include "predict/predictor.h"

namespace manyshot {

struct PromptPlan {
  // Of a compact model's ensemble, where the user gives no number: as many as together read so many cells of labelled
  // rows, which takes two cores about two thirds of a second, or as many as it takes for each row to be read by one,
  // and from 8 to 16; 32 were no better (docs/model/card.md). Never by a clock, nor by the number of queries, on which
  // no answer may depend.
  static constexpr int kFewestMembers = 8, kMostMembers = 16;
  static constexpr uint64_t kCellsOfEnsemble = 65'536;
  // Of a language model's, whose members cost a hundred times more: as many as it takes to read all labelled rows,
  // where it is known how many tokens of them one prompt should have, else one.
  static constexpr int kMostTextMembers = 8;
  static constexpr int kMaxMembers = 256;

  bool is_text() const { return model.layout == PromptLayout::kFlat; }
  // Texts are shown as they are; version 1 of the compact format keeps the prompts it always had.
  bool reads_parts() const { return model.vocabulary.cells.has_value(); }
  // Members of the ensemble that tells classes apart by that many labelled rows and columns.
  int members_for(size_t num_rows, size_t num_features) const;
  // Of the one that predicts a number, to which more than it takes to read the rows bring nothing.
  int number_members_for(size_t num_rows) const;
  // Of a language model's, where the labelled rows fill so many prompts.
  int text_members(size_t prompts) const;
  // Labelled rows of one member times the most members.
  uint64_t max_labelled_rows() const;
  // Throws Error(kUnsupported) for more classes than the model tells apart.
  void check_classes(const LabelledTable& shots) const;

  ModelInfo model;
  MethodOptions options;
  uint64_t seed = 0;
  std::optional<int> members;  // nothing: by the size of the task
  int least_members = 1;
};

// Format and wrapping that `options` leave open become those that the model was trained on, where that is known.
// Throws Error(kBadInput) for an ensemble outside 1..kMaxMembers and for options that the model cannot follow.
PromptPlan plan_prompts(const ModelInfo& model, const MethodOptions& options, uint64_t seed);

}  // namespace manyshot
