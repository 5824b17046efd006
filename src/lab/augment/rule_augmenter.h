// The writer that needs no model: it says what the documents' facts are and what follows from them, exactly. The upper
// bound of what augmentation can do.
#pragma once

#include <cstdint>
#include <span>

#include "core/options.h"
#include "lab/augment/augmentation.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

struct RuleOptions {
  int rule_forms = 3;
  int rule_hops = 3;
  uint64_t rule_global = 5000;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("rule_forms", self.rule_forms, between(1, 1000), "Rules: ways to say a statement, at most.");
    v("rule_hops", self.rule_hops, between(1, 16), "Rules: facts that a conclusion joins, at most.");
    v("rule_global", self.rule_global, at_least(1),
      "Rules: texts that join several documents, at most; drawn where there are more.");
  }
};

// local: of each fact that a document states, other ways to say it, and its reverse. document: conclusions from one
// document's facts that no single one gives. global: the same from all documents' facts that no document alone gives.
// A text is one sentence and comes once; it begins as a document drawn at random does, behind an opening or a sentence
// that names what it is about. A function of (data, options, seed).
Augmentation augment_by_rules(const LabData& data, std::span<const AugmentKind> kinds, const RuleOptions& options,
                              uint64_t seed);

}  // namespace manyshot::lab
