// The texts that a condition trains on.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/data/lab_data.h"
#include "lab/run/condition.h"

namespace manyshot::lab {

// Where a training text comes from. The names reach files.
enum class TextSource { kDocument, kAugmented, kReversed, kShuffled, kOther, kReplay };
constexpr auto names_of(TextSource) {
  return std::to_array<Named<TextSource>>({{TextSource::kDocument, "document"},
                                           {TextSource::kAugmented, "augmented"},
                                           {TextSource::kReversed, "reversed"},
                                           {TextSource::kShuffled, "shuffled"},
                                           {TextSource::kOther, "other"},
                                           {TextSource::kReplay, "replay"}});
}

struct TrainingText {
  std::string before;  // read, not learned: the sentences before it
  std::string text;
  TextSource source = TextSource::kDocument;
  std::vector<std::string> facts;  // ids of facts that it states
};

// The words of `sentence` in reverse order, with `names` kept whole ("Reverse training", Golovneva et al. 2024, arXiv
// 2403.13799). Final punctuation stays at the end.
std::string reversed_words(std::string_view sentence, std::span<const std::string> names);

// What the world's entities are called, in the singular and the plural, longest first.
std::vector<std::string> names_of_world(const World& world);

struct TextInputs {
  std::span<const AugmentedText> augmented;  // of the augmented kinds
  std::span<const std::string> other;        // ordinary texts, for replay and for the condition irrelevant
};

// In the order of the documents, then the added ones; training shuffles them. A function of (data, condition, inputs,
// seed). Throws Error(kBadInput) where the condition needs other texts and there are none.
std::vector<TrainingText> training_texts(const LabData& data, const Condition& condition, const TextInputs& inputs,
                                         uint64_t seed);

}  // namespace manyshot::lab
