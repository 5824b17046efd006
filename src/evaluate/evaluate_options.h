// The options of `manyshot evaluate`.
#pragma once

#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "evaluate/endpoint/endpoint_options.h"
#include "evaluate/protocol/protocol.h"
#include "evaluate/published_baselines.h"
#include "predict/baselines.h"
#include "predict/number_baselines.h"
#include "predict/predictor.h"

namespace manyshot {

// The bundled model, with trees and alone, and all baselines.
inline std::vector<std::string> default_models() {
  std::vector<std::string> models{"auto", "default"};
  models.insert(models.end(), baseline_names().begin(), baseline_names().end());
  return models;
}

inline constexpr const char* kPublished = "published";

struct EvaluateOptions {
  std::vector<std::string> tables;
  std::vector<std::string> models = default_models();
  std::vector<uint64_t> shots{8, 16, 32, 64, 128, 256, 512, 1024};
  std::vector<uint64_t> seeds{40};
  std::string out;
  std::optional<std::string> baseline;
  std::vector<std::string> compare;  // kPublished, or two folders
  std::string shard = "0/1";
  uint64_t seed = 0;
  ProtocolOptions protocol;
  MethodOptions method;
  EndpointOptions endpoint;

  bool compares_published() const { return compare.size() == 1 && compare.front() == kPublished; }

  // In the order that result files have, whatever stands together in help texts.
  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("tables", self.tables, any_value(), "Folders of tables, and tables (CSV or Parquet).");
    option_heading(v, "Model");
    v("models", self.models, any_value(),
      fmt::format(
          "auto, {}, {}, default, an installed model such as smollm2, a model folder, a .gguf file, or openai:NAME, "
          "a model of the API at --base-url. NAME+ensemble=1+teacher=forest is the same model with other "
          "options. Numbers are predicted by {}.",
          fmt::join(baseline_names(), ", "), fmt::join(published_baselines(), ", "),
          fmt::join(number_baseline_names(), ", ")));
    option_heading(v, "Protocol");
    v("shots", self.shots, any_value(), "Numbers of labelled rows.");
    v("seeds", self.seeds, any_value(),
      "Row seeds: each is a run of its own with other orders, or other labelled rows.");
    option_heading(v, "Output");
    v("out", self.out, any_value(),
      "Folder for the results; made when it does not exist. The same command goes on where one ended.");
    v("baseline", self.baseline, any_value(),
      "The model that the others are compared with; without it forest, paper-forest, or the first of --models.");
    v("compare", self.compare, any_value(),
      "published: set the numbers of arXiv 2509.06806 beside ours, for tables that both have. A B, the folders of two "
      "finished runs: evaluate nothing, but say what they differ in, table by table; with --out as a page too.");
    v("shard", self.shard, any_value(),
      "I/N: only each N-th unit of work, I counting from 0; auto: as Slurm, Kubernetes, torchrun or srun say. The same "
      "command without --shard then collects all.");
    option_heading(v, "Model");
    v("seed", self.seed, any_value(), "Seed of the models' own random choices.");
    option_heading(v, "Protocol");
    ProtocolOptions::visit(self.protocol, v);
    MethodOptions::visit(self.method, v);
    EndpointOptions::visit(self.endpoint, v);
  }
};

// The values of EvaluateOptions, and of options that hold them, as result files have them: numbers of shots and seeds
// are texts there, and so is what they are compared with.
Json as_in_files(Json values);

}  // namespace manyshot
