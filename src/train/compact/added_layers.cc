#include "train/compact/added_layers.h"

#include <algorithm>
#include <utility>

#include "train/compact/number_features.h"
#include "train/compact/parameters.h"
#include "train/compact/weight_exchange.h"

namespace manyshot::train {

void add_layers(int count, uint64_t seed, ModelConfig& config, Weights& weights) {
  config.num_hidden_layers += count;
  const NetworkShape shape(config);
  Weights fresh =
      export_weights(shape, output_scales(shape, 1), number_features(shape.num_codes), CompactParameters(shape, seed));
  for (size_t i = weights.layers.size(); i < fresh.layers.size(); ++i) {
    LayerWeights& layer = fresh.layers[i];
    std::ranges::fill(layer.o_proj, 0.0f);
    std::ranges::fill(layer.down_proj, 0.0f);
    weights.layers.push_back(std::move(layer));
  }
  weights.num_parameters = fresh.num_parameters;
}

}  // namespace manyshot::train
