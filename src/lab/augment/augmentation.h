// Texts that say more of a set of documents than its documents do: rewordings, reverses and conclusions, written by
// rules, by a language model or by an endpoint (arXiv 2505.00661, section 4, "augmented fine-tuning").
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/names.h"

namespace manyshot::lab {

// What the writer sees of the documents. The names reach files.
enum class AugmentKind {
  kLocal,     // one sentence
  kDocument,  // one document
  kGlobal,    // all documents, and one of them to reason from
};
constexpr auto names_of(AugmentKind) {
  return std::to_array<Named<AugmentKind>>(
      {{AugmentKind::kLocal, "local"}, {AugmentKind::kDocument, "document"}, {AugmentKind::kGlobal, "global"}});
}

struct AugmentedText {
  AugmentKind kind = AugmentKind::kLocal;
  std::string source;  // id of the document it was made from
  std::string text;
};

// What writing took.
struct AugmentCost {
  uint64_t requests = 0;
  uint64_t tokens_read = 0;  // computed: what a cached beginning gave again does not count
  uint64_t tokens_written = 0;
  double seconds = 0;
  double flops = 0;  // of a local model
};

struct Augmentation {
  std::string by;       // "rules", a model's name, "openai:NAME"
  std::string prompts;  // SHA-256 of the prompt files; empty for rules
  std::vector<AugmentedText> texts;
  AugmentCost cost;
};

Json to_json(const AugmentCost& cost);
AugmentCost read_augment_cost(const Json& json);

// Of `augmentation`, only texts of these kinds.
std::vector<AugmentedText> texts_of(const Augmentation& augmentation, std::span<const AugmentKind> kinds);

}  // namespace manyshot::lab
