// How a model is asked, settled before any task is seen. `predict`, which scores the prompts, and `prompt`, which shows
// them, make the same plan.
#pragma once

#include <cstdint>

#include "model/model.h"
#include "predict/predictor.h"

namespace manyshot {

struct PromptPlan {
  static constexpr int kDefaultMembers = 8;
  static constexpr int kDefaultTextMembers = 1;  // language models cost a hundred times more a member
  static constexpr int kMaxMembers = 256;

  bool is_text() const { return model.layout == PromptLayout::kFlat; }
  // Texts are shown as they are; version 1 of the compact format keeps the prompts it always had.
  bool reads_parts() const { return model.vocabulary.cells.has_value(); }
  // Labelled rows of one member times members.
  uint64_t max_labelled_rows() const;
  // Throws Error(kUnsupported) for more classes than the model tells apart.
  void check_classes(const LabelledTable& shots) const;

  ModelInfo model;
  MethodOptions options;
  uint64_t seed = 0;
  int members = 1;
};

// Format and wrapping that `options` leave open become those that the model was trained on, where that is known.
// Throws Error(kBadInput) for an ensemble outside 1..kMaxMembers and for options that the model cannot follow.
PromptPlan plan_prompts(const ModelInfo& model, const MethodOptions& options, uint64_t seed);

}  // namespace manyshot
