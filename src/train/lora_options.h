// LoRA factors beside frozen weights: how large they are and where they stand (train/language/lora.h has the
// mathematics).
#pragma once

#include <string>
#include <vector>

#include "core/options.h"

namespace manyshot::train {

struct LoraOptions {
  int rank = 8;
  double alpha = 16;
  double dropout = 0;  // of the input of A
  bool use_rslora = false;
  // q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, or all of them: all-linear.
  std::vector<std::string> target_modules = {"all-linear"};

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("rank", self.rank, between(1, 4096), "Rank of the update (Hu et al. 2021).");
    v("alpha", self.alpha, at_least(0), "The update is scaled by alpha / rank, or alpha / sqrt(rank) with use_rslora.");
    v("target_modules", self.target_modules, any_value().once_named("targets"),
      "Linear layers by name (q_proj, down_proj, …), or all-linear.");
    v("dropout", self.dropout, between(0, 0.99), "Dropout before the first factor.");
    v("use_rslora", self.use_rslora, any_value().once_named("rslora"), "Rank-stabilised scale (Kalajdzievski 2023).");
  }
};

}  // namespace manyshot::train
