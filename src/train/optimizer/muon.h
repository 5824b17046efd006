// Muon (Jordan et al. 2024): the update of a matrix is its Nesterov momentum, orthogonalised. Each parameter is one
// matrix of its own, so queries, keys, values, gates and ups are orthogonalised alone.
#pragma once

#include <memory>
#include <vector>

#include "train/optimizer/newton_schulz.h"
#include "train/optimizer/optimizer.h"

namespace manyshot::train {

// What the orthogonalised update of a matrix is multiplied with, beside the learning rate.
double muon_scale(MuonScale scale, size_t rows, size_t columns);

class Muon : public Optimizer {
 public:
  // REQUIRES: every parameter is two-dimensional.
  Muon(const OptimizerOptions& options, std::vector<Parameter> parameters);

  void step(double factor) override;
  std::vector<StateTensor> state() override;
  Json counters() const override { return Json::object(); }
  void set_counters(const Json&) override {}

 private:
  // One thread's.
  struct Scratch {
    NewtonSchulz<float> exact;
    NewtonSchulz<kernels::BFloat16> rounded;
    std::vector<float> update;
  };
  void update_matrix(size_t i, double rate, Scratch& scratch);

  OptimizerOptions options_;
  bool is_bf16_;
  std::vector<Parameter> parameters_;
  std::vector<std::vector<float>> momenta_;
  std::vector<size_t> order_;  // largest matrices first
  std::vector<std::unique_ptr<Scratch>> scratch_;
};

}  // namespace manyshot::train
