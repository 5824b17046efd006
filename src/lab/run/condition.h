// What a model is given of the documents before it is asked: nothing, their text in its prompt, or training on it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "lab/augment/augmentation.h"
#include "train/recipe.h"

namespace manyshot::lab {

// The names reach files.
enum class ConditionKind {
  kNone,              // the model as it is
  kFinetune,          // trained on the documents
  kContext,           // the documents in its prompt
  kAugmented,         // trained on the documents and on texts made of them
  kAugmentedContext,  // both in its prompt
  kReversed,          // trained on the documents and on their words in reverse, names kept whole
  kShuffled,          // control: trained on the documents with the objects of their facts exchanged
  kIrrelevant,        // control: trained as long on other text
};
constexpr auto names_of(ConditionKind) {
  return std::to_array<Named<ConditionKind>>({{ConditionKind::kNone, "none"},
                                              {ConditionKind::kFinetune, "finetune"},
                                              {ConditionKind::kContext, "context"},
                                              {ConditionKind::kAugmented, "augmented"},
                                              {ConditionKind::kAugmentedContext, "augmented-context"},
                                              {ConditionKind::kReversed, "reversed"},
                                              {ConditionKind::kShuffled, "shuffled"},
                                              {ConditionKind::kIrrelevant, "irrelevant"}});
}

// How documents become training texts (arXiv 2505.00661, appendix B.1).
enum class Split {
  kNone,         // a document is a text
  kIndependent,  // a sentence is a text
  kCumulative,   // a sentence is a text, behind the document's sentences before it, which are not learned again
};
constexpr auto names_of(Split) {
  return std::to_array<Named<Split>>(
      {{Split::kNone, "none"}, {Split::kIndependent, "independent"}, {Split::kCumulative, "cumulative"}});
}

using Tuning = train::TrainedParameters;

struct Condition {
  ConditionKind kind = ConditionKind::kNone;
  Split split = Split::kNone;
  std::vector<AugmentKind> augment;  // of the two augmented kinds
  double replay = 0;                 // share of ordinary text among the training texts
  bool together = false;             // paraphrases of one fact in one window, which spoils training
  std::optional<Tuning> tuning;      // nothing: as the run has it

  bool trains() const;
  bool reads() const;  // the documents are in the prompt
  bool is_augmented() const;
  // As parse_condition() takes it, with what is not the default.
  std::string name() const;
};

// "finetune", "augmented:augment=local+global:split=independent", "finetune:replay=0.2:tuning=full". Throws
// Error(kBadInput) with the nearest name for one that does not exist, and for settings that the condition has no use
// for.
Condition parse_condition(std::string_view text);

}  // namespace manyshot::lab
