// What a prior draws tasks from: the options that a user sets, and what they say once parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/range.h"

namespace manyshot {

struct PriorOptions {
  std::string prior = "mix";
  std::string rows = "1024";
  std::string features = "auto";
  std::string classes = "2:10";
  std::optional<double> binary;
  double missing = 0.3;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("prior", self.prior, any_value(),
      "mix (70 % mlp, 30 % tree: the prior of TabICL and MachineLearningLM), mlp, tree, graph, forest, or a mixture "
      "like mix:0.4,graph:0.6.");
    v("rows", self.rows, any_value(), "Rows of a task: a number, or A:B for a log-uniform draw.");
    v("features", self.features, any_value(),
      "Columns of a task: a number, A:B, or auto: 5:50 for mix, mlp and tree; 2 to a 25th of the rows, 40 at most, for "
      "graph and forest.");
    v("classes", self.classes, any_value(), "Classes of a task: a number, or A:B.");
    v("binary", self.binary, between(0, 1),
      "Probability of two classes at once, when the range has 2; otherwise the range decides, evenly. Default 0.5 for "
      "mix, mlp and tree, 0.325 for graph and forest.");
    v("missing", self.missing, between(0, 1), "Probability that a graph task has missing cells.");
    v("seed", self.seed, any_value(), "Seed of all random choices.");
  }
  // Throws Error(kBadInput) for unknown priors (with the nearest name), bad weights and empty or senseless ranges.
  void validate() const;
};

// What PriorOptions say once parsed.
struct PriorSettings {
  struct Part {
    std::string name;  // mlp, tree, graph or forest; mix is taken apart
    double weight = 0;
  };
  std::vector<Part> parts;  // weights sum to 1
  IntRange rows;
  std::optional<IntRange> features;  // nothing: auto
  IntRange classes;
  std::optional<double> binary;
  double missing = 0;
};
// Errors as PriorOptions::validate.
PriorSettings parse_settings(const PriorOptions& options);

}  // namespace manyshot
