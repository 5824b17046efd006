// The hyper-parameters of the structural causal models of `mlp` and `tree`, drawn once for each table (docs/prior.md).
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/names.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

enum class CauseSampling { kNormal, kMixed, kUniform };
constexpr auto names_of(CauseSampling) {
  return std::to_array<Named<CauseSampling>>(
      {{CauseSampling::kNormal, "normal"}, {CauseSampling::kMixed, "mixed"}, {CauseSampling::kUniform, "uniform"}});
}

struct ScmHyperParameters {
  bool labels_by_rank = false;  // multiclass_type: thresholds are values of y, else normal draws
  bool block_wise_dropout = false;
  double dropout = 0;  // mlp_dropout_prob
  bool is_causal = false;
  int num_causes = 1;
  bool y_is_effect = false;
  bool in_clique = false;
  bool sort_features = false;
  int num_layers = 2;
  int hidden_dim = 4;
  double init_std = 1;
  double noise_std = 0;
  CauseSampling sampling = CauseSampling::kNormal;
  bool pre_sample_cause_stats = false;
  bool pre_sample_noise_std = false;
  std::vector<double> activation_weights;
};
ScmHyperParameters draw_hyper_parameters(const Rng& rng);
// Those that each kind of model uses.
Json mlp_parameters(const ScmHyperParameters& hyper);
Json tree_parameters(const ScmHyperParameters& hyper);

}  // namespace manyshot::prior
