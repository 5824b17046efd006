#include "train/compact/weight_exchange.h"

#include <algorithm>
#include <cmath>

#include "train/compact/number_features.h"

namespace manyshot::train {

std::vector<float> output_scales(const NetworkShape& shape, double decay) {
  std::vector<float> scales;
  for (size_t i = 0; i < shape.num_layers; ++i) {
    scales.push_back(static_cast<float>(std::pow(decay, -0.5 * static_cast<double>(i * (i + 1)))));
  }
  return scales;
}

Weights export_weights(const NetworkShape& shape, std::span<const float> scales,
                       const std::vector<float>& number_features, const CompactParameters& parameters) {
  const ParameterPlaces& places = parameters.places();
  const size_t D = shape.D, queries = shape.query_width() * D, keys = shape.key_width() * D;
  const size_t mlp = shape.intermediate * D;
  const auto copy = [&](size_t place, size_t count, float scale = 1) {
    std::vector<float> values(parameters.value(place), parameters.value(place) + count);
    for (float& value : values) value *= scale;
    return values;
  };
  Weights weights;
  weights.embedding.resize(static_cast<size_t>(shape.config.vocab_size) * D);
  const auto rows_of = [&](TokenId first) { return weights.embedding.data() + static_cast<size_t>(first) * D; };
  for (size_t table = 0; table < shape.smooth_tokens.size(); ++table) {
    embed_numbers(number_features, parameters.value(places.smooth + table * kNumberFeatures * D), D, 0, shape.num_codes,
                  rows_of(shape.smooth_tokens[table].first));
  }
  size_t place = places.plain;
  for (const TokenRange& tokens : shape.plain_tokens) {
    const auto count = static_cast<size_t>(tokens.size()) * D;
    std::copy_n(parameters.value(place), count, rows_of(tokens.first));
    place += count;
  }
  weights.final_norm = copy(places.final_norm, D);
  for (size_t i = 0; i < shape.num_layers; ++i) {
    const LayerPlaces& at = places.layers[i];
    weights.layers.push_back({.input_norm = copy(at.input_norm, D),
                              .post_attention_norm = copy(at.post_attention_norm, D),
                              .q_proj = copy(at.qkv, queries),
                              .k_proj = copy(at.qkv + queries, keys),
                              .v_proj = copy(at.qkv + queries + keys, keys),
                              .o_proj = copy(at.o, queries, scales[i]),
                              .gate_proj = copy(at.gate_up, mlp),
                              .up_proj = copy(at.gate_up + mlp, mlp),
                              .down_proj = copy(at.down, mlp, scales[i])});
  }
  weights.num_parameters = num_parameters(shape.config);
  return weights;
}

void import_weights(const Weights& weights, const NetworkShape& shape, std::span<const float> scales,
                    const std::vector<float>& number_features, CompactParameters& parameters) {
  const ParameterPlaces& places = parameters.places();
  const size_t D = shape.D;
  const auto rows = [&](TokenId first) { return weights.embedding.data() + static_cast<size_t>(first) * D; };
  // Returns the place behind them.
  const auto put = [&](size_t place, std::span<const float> values, float scale = 1) {
    float* to = parameters.value(place);
    for (size_t i = 0; i < values.size(); ++i) to[i] = values[i] / scale;
    return place + values.size();
  };
  for (size_t table = 0; table < shape.smooth_tokens.size(); ++table) {
    put(places.smooth + table * kNumberFeatures * D,
        fit_number_weight(number_features, rows(shape.smooth_tokens[table].first), D));
  }
  size_t place = places.plain;
  for (const TokenRange& tokens : shape.plain_tokens) {
    place = put(place, {rows(tokens.first), static_cast<size_t>(tokens.size()) * D});
  }
  for (size_t i = 0; i < shape.num_layers; ++i) {
    const LayerWeights& layer = weights.layers[i];
    const LayerPlaces& at = places.layers[i];
    put(at.input_norm, layer.input_norm);
    put(put(put(at.qkv, layer.q_proj), layer.k_proj), layer.v_proj);
    put(at.o, layer.o_proj, scales[i]);
    put(at.post_attention_norm, layer.post_attention_norm);
    put(put(at.gate_up, layer.gate_proj), layer.up_proj);
    put(at.down, layer.down_proj, scales[i]);
  }
  put(places.final_norm, weights.final_norm);
}

}  // namespace manyshot::train
