// Optimisers: masters change by their gradients. State is f32 and can be written and read for an exact resume.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "train/trainable.h"

namespace manyshot {

enum class OptimizerKind {
  kAdamW,         // Loshchilov and Hutter 2019, "Decoupled weight decay regularization"
  kMuon,          // matrices by Muon (Jordan et al. 2024), the rest by AdamW
  kScheduleFree,  // Defazio et al. 2024, "The road less scheduled"
};
// Throws Error(kBadInput) for anything but "adamw", "muon" and "schedule-free".
OptimizerKind parse_optimizer_kind(std::string_view name);

// What Muon multiplies the orthogonalised update of a matrix [rows, columns] with, beside the learning rate.
enum class MuonScale {
  kAspect,    // sqrt(max(1, rows / columns)); the reference implementation
  kWidth,     // sqrt(max(rows, columns)); github.com/borawhocodess/modded-nanotabpfn
  kAdamSize,  // 0.2 sqrt(max(rows, columns)), the size of AdamW's steps (Liu et al. 2025, arXiv 2502.16982)
};

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  double learning_rate = 1e-3;
  double vector_learning_rate = 0;  // Muon: of what AdamW updates; 0: as learning_rate
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;  // of matrices (ParameterKind::kMatrix), times their learning rate
  double momentum = 0.95;   // Muon, Nesterov
  int newton_schulz_steps = 5;
  MuonScale muon_scale = MuonScale::kAspect;
  std::string dtype = "auto";  // of Muon's products: auto, float32 or bfloat16
};

// A part of the state, under a name of its own.
struct OptimizerState {
  std::string name;
  std::span<float> values;
};

// The same bits at any number of threads.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One step with learning rates times `factor` (schedule.h), which is in [0, 1].
  virtual void step(double factor) = 0;
  // All arrays; to resume, fill them and call set_counters().
  virtual std::vector<OptimizerState> state() = 0;
  virtual Json counters() const = 0;
  virtual void set_counters(const Json& counters) = 0;
  // Schedule-free: the weights to evaluate and to keep are an average. Exchanges it and the masters; a second call
  // brings the same bits back. No step may come between the two.
  virtual bool has_average() const { return false; }
  virtual void swap_average() {}
};

// The parameters' spans must outlive the optimiser.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::span<Parameter> parameters);

// Norm of all gradients together.
double gradient_norm(std::span<const Parameter> parameters);
// Scales the gradients down to norm max_norm if theirs is larger; returns theirs. max_norm 0: no limit.
double clip_gradients(std::span<Parameter> parameters, double max_norm);

}  // namespace manyshot
