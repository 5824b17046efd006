// What lab make is asked for: the kind of data, and how much of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/names.h"
#include "core/options.h"

namespace manyshot::lab {

// The names reach files.
enum class DataKind {
  kReversals,
  kSyllogisms,
  kCelebrities,
  kSemantic,
  kFamily,
  kProcess,
  kRelations,
  kDocuments,
};
constexpr auto names_of(DataKind) {
  return std::to_array<Named<DataKind>>({{DataKind::kReversals, "reversals"},
                                         {DataKind::kSyllogisms, "syllogisms"},
                                         {DataKind::kCelebrities, "celebrities"},
                                         {DataKind::kSemantic, "semantic"},
                                         {DataKind::kFamily, "family"},
                                         {DataKind::kProcess, "process"},
                                         {DataKind::kRelations, "relations"},
                                         {DataKind::kDocuments, "documents"}});
}

// How much of everything. Unset: what the kind has by default; each kind knows some of them alone.
struct MakeSizes {
  std::optional<int> facts, articles, features, examples, people, templates, test_templates, categories, documents,
      holdout, families, materials, operations, entities, relations, questions, alternatives;
  std::optional<double> trained_reverses, trained_pairs, question_share;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Sizes (each kind knows its own; manyshot lab make KIND says what it took)");
    v("facts", self.facts, between(2, 1e5), "reversals: facts, each about two kinds of its own.");
    v("articles", self.articles, between(1, 1e4),
      "reversals, family, process: documents of one fact; syllogisms: of a pair of premises.");
    v("features", self.features, between(1, 1e4), "reversals: features by which kinds are compared.");
    v("trained_reverses", self.trained_reverses, between(0, 1),
      "reversals, relations: share of the facts whose reverse is in the documents too.");
    v("examples", self.examples, between(1, 1e5), "syllogisms: pairs of premises.");
    v("people", self.people, between(2, 1e5), "celebrities: people of each of the three groups.");
    v("templates", self.templates, between(1, 1e4), "celebrities: sentences of the documents for each order.");
    v("test_templates", self.test_templates, between(1, 1e4),
      "celebrities: sentences of the questions for each order.");
    v("categories", self.categories, between(2, 1e3), "semantic: categories, the upper ones of the hierarchy first.");
    v("documents", self.documents, between(1, 1e6), "semantic: documents.");
    v("question_share", self.question_share, between(0, 1),
      "semantic: share of the documents that are questions with answers.");
    v("holdout", self.holdout, between(0, 1e6),
      "semantic: categories of which nothing but the parent is told; relations: facts whose reverse is held out.");
    v("families", self.families, between(2, 1e5), "family: families of three generations.");
    v("materials", self.materials, between(3, 1e5), "process: materials.");
    v("operations", self.operations, between(2, 1e3),
      "process: operations, each of which turns every material into another.");
    v("trained_pairs", self.trained_pairs, between(0, 1),
      "process: share of the pairs of operations that the documents show done one after the other.");
    v("entities", self.entities, between(3, 1e5), "relations: entities.");
    v("relations", self.relations, between(1, 1e4), "relations: relations, each with another for its reverse.");
    v("questions", self.questions, between(1, 1e6),
      "Most questions of a split (semantic, family, process, relations, documents).");
    v("alternatives", self.alternatives, between(2, 1e4), "Alternatives of a question, where the data allow so many.");
  }
};

struct MakeOptions {
  std::optional<DataKind> kind;
  uint64_t seed = 1;
  std::string in;
  MakeSizes sizes;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Data");
    v("kind", self.kind, any_value().required(),
      "What the data are about (docs/lab/data.md); may stand without the flag.");
    v("seed", self.seed, any_value(), "Which words, facts and questions; the same seed gives the same bytes.");
    v("in", self.in, any_value(),
      "documents: JSON lines with \"text\", or \"subject\", \"relation\", \"object\", or both; celebrities: the folder "
      "of a set "
      "in the files of the public one.");
    MakeSizes::visit(self.sizes, v);
  }
};

// With the defaults of the kind in the place of what is unset. Throws OptionError for a size that the kind does not
// know, for --in where it is of no use or missing.
MakeOptions resolved(MakeOptions options);
// The values of the options that the kind knows.
Json kept_values(const MakeOptions& resolved);

}  // namespace manyshot::lab
