// What a prior draws tasks from: the options that a user sets, and what they say once parsed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/options.h"
#include "core/range.h"

namespace manyshot::prior {

struct PriorOptions {
  std::string prior = "mix";
  std::optional<IntRange> rows = IntRange{1024, 1024};  // nothing: whoever asks for tasks knows
  std::optional<IntRange> features;                     // nothing: feature_range() of prior/task/sizes.h
  IntRange classes{2, 10};
  std::optional<double> binary;
  double missing = 0.3;
  double number_share = 0;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Tasks");
    v("prior", self.prior, any_value(),
      "mix (70 % mlp, 30 % tree: the prior of TabICL and MachineLearningLM), mlp, tree, graph, forest, effects, or a "
      "mixture like graph:0.5,effects:0.3,mix:0.2.");
    v("rows", self.rows, between(16, 1e6).unset_as("auto"), "Rows of a task: a number, or A:B for a log-uniform draw.");
    v("features", self.features, between(1, 1000).unset_as("auto"),
      "Columns of a task: a number, A:B, or auto: 5:50 for mix, mlp and tree; 2 to a 25th of the rows, 40 at most, for "
      "graph and forest; 2 to a 6th, 60 at most, for effects.");
    v("classes", self.classes, between(2, 1000), "Classes of a task: a number, or A:B.");
    v("binary", self.binary, between(0, 1),
      "Probability of two classes at once, when the range has 2; otherwise the range decides, evenly. Default 0.5 for "
      "mix, mlp and tree, 0.325 for graph, forest and effects.");
    v("missing", self.missing, between(0, 1), "Probability that a task of graph or effects has missing cells.");
    v("number_share", self.number_share, between(0, 1), "Share of tasks whose target is a number, not a class.");
    v("seed", self.seed, any_value(), "Seed of all random choices.");
  }
};

// What tasks are drawn by; "mix" is a mixture of the first two. The names reach files.
enum class PriorKind { kMlp, kTree, kGraph, kForest, kEffects };
constexpr auto names_of(PriorKind) {
  return std::to_array<Named<PriorKind>>({{PriorKind::kMlp, "mlp"},
                                          {PriorKind::kTree, "tree"},
                                          {PriorKind::kGraph, "graph"},
                                          {PriorKind::kForest, "forest"},
                                          {PriorKind::kEffects, "effects"}});
}

// What PriorOptions say once parsed.
struct PriorSettings {
  struct Part {
    PriorKind kind = PriorKind::kMlp;
    double weight = 0;
  };
  std::vector<Part> parts;  // weights sum to 1
  IntRange rows;
  std::optional<IntRange> features;  // nothing: auto
  IntRange classes;
  std::optional<double> binary;
  double missing = 0;
  double number_share = 0;
};
// Throws OptionError for unknown priors (with the nearest name), bad weights, rows that are still to be chosen, and too
// few rows for the classes. REQUIRES: ranges within the limits of their options.
PriorSettings parse_settings(const PriorOptions& options);

}  // namespace manyshot::prior
