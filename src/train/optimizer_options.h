// What an optimiser and a schedule are told: options of a stage (train/recipe.h), read by train/optimizer/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/names.h"
#include "core/options.h"
#include "model/dtype.h"

namespace manyshot::train {

enum class OptimizerKind {
  kAdamW,         // Loshchilov and Hutter 2019, "Decoupled weight decay regularization"
  kMuon,          // matrices by Muon (Jordan et al. 2024), the rest by AdamW
  kScheduleFree,  // Defazio et al. 2024, "The road less scheduled"
};
constexpr auto names_of(OptimizerKind) {
  return std::to_array<Named<OptimizerKind>>({{OptimizerKind::kAdamW, "adamw"},
                                              {OptimizerKind::kMuon, "muon"},
                                              {OptimizerKind::kScheduleFree, "schedule-free"}});
}

// What Muon multiplies the orthogonalised update of a matrix [rows, columns] with, beside the learning rate.
enum class MuonScale {
  kAspect,    // sqrt(max(1, rows / columns)); the reference implementation
  kWidth,     // sqrt(max(rows, columns)); github.com/borawhocodess/modded-nanotabpfn
  kAdamSize,  // 0.2 sqrt(max(rows, columns)), the size of AdamW's steps (Liu et al. 2025, arXiv 2502.16982)
};

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  double learning_rate = 1e-4;
  double vector_learning_rate = 0;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;  // of matrices (ParameterKind::kMatrix), times their learning rate
  double momentum = 0.95;
  int newton_schulz_steps = 5;
  MuonScale muon_scale = MuonScale::kAspect;
  std::optional<DType> dtype;  // of Muon's products; nothing: as choose_dtype()

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("optimizer", self.kind, any_value(),
      "adamw; muon: orthogonalised momentum for matrices, adamw for the rest; schedule-free: adamw that needs no "
      "schedule.");
    v("learning_rate", self.learning_rate, at_least(0), "Of a step at the schedule's top; with muon, of the matrices.");
    v("vector_learning_rate", self.vector_learning_rate, at_least(0),
      "With muon: of embeddings and norms, which adamw updates; 0: as learning_rate.");
    v("beta1", self.beta1, between(0, 1), "adamw: decay of the gradient's mean.");
    v("beta2", self.beta2, between(0, 1), "adamw: decay of its square.");
    v("momentum", self.momentum, between(0, 1), "muon: Nesterov momentum.");
    v("weight_decay", self.weight_decay, at_least(0), "Decoupled; of matrices, per unit of learning rate.");
  }
};

// How the learning rate falls after warm-up.
enum class ScheduleKind { kCosine, kLinear, kConstant };
constexpr auto names_of(ScheduleKind) {
  return std::to_array<Named<ScheduleKind>>(
      {{ScheduleKind::kCosine, "cosine"}, {ScheduleKind::kLinear, "linear"}, {ScheduleKind::kConstant, "constant"}});
}

}  // namespace manyshot::train
