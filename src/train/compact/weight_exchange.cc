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
  const auto put = [&](TokenId first, const float* rows, size_t count) {
    std::copy_n(rows, count * D, rows_of(first));
  };
  embed_numbers(number_features, parameters.value(places.numbers), D, 0, shape.num_codes,
                rows_of(shape.config.number_tokens.first));
  put(shape.config.label_tokens.first, parameters.value(places.tokens), shape.num_labels);
  put(shape.config.bar_token, parameters.value(places.bar), 1);
  put(shape.config.column_tokens.first, parameters.value(places.columns), shape.num_columns);
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
  put(places.numbers, fit_number_weight(number_features, rows(shape.config.number_tokens.first), D));
  put(places.tokens, {rows(shape.config.label_tokens.first), shape.num_labels * D});
  put(places.bar, {rows(shape.config.bar_token), D});
  put(places.columns, {rows(shape.config.column_tokens.first), shape.num_columns * D});
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
