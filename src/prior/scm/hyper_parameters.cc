#include "prior/scm/hyper_parameters.h"

#include <algorithm>
#include <numeric>

#include "prior/scm/activations.h"

namespace manyshot::prior {

ScmHyperParameters draw_hyper_parameters(const Rng& rng) {
  Draws draws(rng);
  ScmHyperParameters hyper;
  hyper.labels_by_rank = meta_choice(draws, 2) == 1;
  hyper.block_wise_dropout = meta_choice(draws, 2) == 0;
  const double a = draws.uniform(0.1, 5);
  const double b = draws.uniform(0.1, 5);
  hyper.dropout = std::min(0.99, 0.9 * draws.beta(a, b));
  hyper.is_causal = meta_choice(draws, 2) == 0;
  hyper.num_causes = static_cast<int>(rounded_truncated_normal_log(draws, 1, 12, 1));
  hyper.y_is_effect = meta_choice(draws, 2) == 0;
  hyper.in_clique = meta_choice(draws, 2) == 0;
  hyper.sort_features = meta_choice(draws, 2) == 0;
  hyper.num_layers = static_cast<int>(rounded_truncated_normal_log(draws, 1, 6, 2));
  hyper.hidden_dim = static_cast<int>(rounded_truncated_normal_log(draws, 5, 130, 4));
  hyper.init_std = truncated_normal_log(draws, 0.01, 10);
  hyper.noise_std = truncated_normal_log(draws, 1e-4, 0.3);
  constexpr CauseSampling kSamplings[] = {CauseSampling::kNormal, CauseSampling::kMixed, CauseSampling::kUniform};
  hyper.sampling = kSamplings[meta_choice(draws, 3)];
  hyper.pre_sample_cause_stats = meta_choice(draws, 2) == 0;
  hyper.pre_sample_noise_std = meta_choice(draws, 2) == 0;
  hyper.activation_weights = draw_activation_weights(draws);
  return hyper;
}

Json tree_parameters(const ScmHyperParameters& hyper) {
  return {{"label_thresholds", hyper.labels_by_rank ? "values of y" : "normal draws"},
          {"noise_std", hyper.noise_std},
          {"pre_sample_noise_std", hyper.pre_sample_noise_std},
          {"sampling", name_of(hyper.sampling)},
          {"pre_sample_cause_stats", hyper.pre_sample_cause_stats}};
}

Json mlp_parameters(const ScmHyperParameters& hyper) {
  Json json = tree_parameters(hyper);
  const double total = std::accumulate(hyper.activation_weights.begin(), hyper.activation_weights.end(), 0.0);
  json.update({{"block_wise_dropout", hyper.block_wise_dropout},
               {"dropout", hyper.dropout},
               {"is_causal", hyper.is_causal},
               {"num_causes", hyper.num_causes},
               {"y_is_effect", hyper.y_is_effect},
               {"in_clique", hyper.in_clique},
               {"sort_features", hyper.sort_features},
               {"num_layers", hyper.num_layers},
               {"hidden_dim", hyper.hidden_dim},
               {"init_std", hyper.init_std},
               {"largest_activation_probability",
                *std::max_element(hyper.activation_weights.begin(), hyper.activation_weights.end()) / total}});
  return json;
}

}  // namespace manyshot::prior
