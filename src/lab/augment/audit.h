// What augmented texts are worth, by the closed world that the documents were made from.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lab/augment/augmentation.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

// What a text says, at its worst: one wrong statement makes it wrong.
enum class TextVerdict { kEntailed, kContradicted, kUnknown, kUnread };
constexpr auto names_of(TextVerdict) {
  return std::to_array<Named<TextVerdict>>({{TextVerdict::kEntailed, "entailed"},
                                            {TextVerdict::kContradicted, "contradicted"},
                                            {TextVerdict::kUnknown, "unknown"},
                                            {TextVerdict::kUnread, "unread"}});
}

struct AuditedText {
  TextVerdict verdict = TextVerdict::kUnread;
  bool is_near_duplicate = false;  // of a document or of a text before it
};

// Questions of one split, and how many have a right answer that some text states outright.
struct SplitCoverage {
  std::string split;
  uint64_t questions = 0, stated = 0;
};

struct Audit {
  std::vector<AuditedText> texts;      // [texts]
  std::array<uint64_t, 4> verdicts{};  // by TextVerdict
  uint64_t near_duplicates = 0;
  std::vector<SplitCoverage> coverage;  // in the order of the questions
  // Of the texts that say something of the world, those that say something wrong; NaN without any.
  double wrong_rate() const;
};

// A sentence that no form of the world fits is unread: it may still be right. Texts are near duplicates when they are
// the same but for case and punctuation.
Audit audit(const LabData& data, std::span<const AugmentedText> texts);

Json to_json(const Audit& audit);

}  // namespace manyshot::lab
