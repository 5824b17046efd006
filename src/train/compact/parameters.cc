#include "train/compact/parameters.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/rng.h"
#include "train/compact/number_features.h"

namespace manyshot::train {
namespace {

// Hands out consecutive places.
class Places {
 public:
  size_t take(size_t count) { return std::exchange(next_, next_ + count); }
  size_t end() const { return next_; }

 private:
  size_t next_ = 0;
};

constexpr double kEmbeddingDeviation = 0.1;

}  // namespace

ParameterPlaces::ParameterPlaces(const NetworkShape& shape) {
  Places places;
  const size_t D = shape.D;
  smooth = places.take(shape.smooth_tokens.size() * kNumberFeatures * D);
  plain = places.take(shape.num_plain * D);
  for (size_t layer = 0; layer < shape.num_layers; ++layer) {
    LayerPlaces of_layer;
    of_layer.input_norm = places.take(D);
    of_layer.qkv = places.take(shape.qkv_width * D);
    of_layer.o = places.take(D * shape.query_width());
    of_layer.post_attention_norm = places.take(D);
    of_layer.gate_up = places.take(2 * shape.intermediate * D);
    of_layer.down = places.take(D * shape.intermediate);
    layers.push_back(of_layer);
  }
  final_norm = places.take(D);
  size = places.end();
}

CompactParameters::CompactParameters(const NetworkShape& shape, uint64_t seed)
    : places_(shape), values_(places_.size), gradients_(places_.size) {
  name_parameters(shape);
  initialise(seed);
}

void CompactParameters::name_parameters(const NetworkShape& shape) {
  const auto add = [&](std::string name, std::vector<size_t> parameter_shape, ParameterKind kind, size_t place,
                       int output_layer = -1) {
    size_t count = 1;
    for (const size_t size : parameter_shape) count *= size;
    list_.push_back({.name = std::move(name),
                     .shape = std::move(parameter_shape),
                     .kind = kind,
                     .value = {values_.data() + place, count},
                     .gradient = {gradients_.data() + place, count}});
    output_layers_.push_back(output_layer);
  };
  const size_t D = shape.D, I = shape.intermediate, queries = shape.query_width(), keys = shape.key_width();
  constexpr const char* kSmooth[] = {"numbers.weight", "ranks.weight", "targets.weight"};
  for (size_t table = 0; table < shape.smooth_tokens.size(); ++table) {
    add(kSmooth[table], {kNumberFeatures, D}, ParameterKind::kEmbedding, places_.smooth + table * kNumberFeatures * D);
  }
  add("tokens.weight", {shape.num_plain, D}, ParameterKind::kEmbedding, places_.plain);
  for (size_t layer = 0; layer < shape.num_layers; ++layer) {
    const LayerPlaces& at = places_.layers[layer];
    const int number = static_cast<int>(layer);
    const auto name = [&](const char* tensor) { return "model.layers." + std::to_string(layer) + "." + tensor; };
    add(name("input_layernorm.weight"), {D}, ParameterKind::kVector, at.input_norm);
    add(name("self_attn.q_proj.weight"), {queries, D}, ParameterKind::kMatrix, at.qkv);
    add(name("self_attn.k_proj.weight"), {keys, D}, ParameterKind::kMatrix, at.qkv + queries * D);
    add(name("self_attn.v_proj.weight"), {keys, D}, ParameterKind::kMatrix, at.qkv + (queries + keys) * D);
    add(name("self_attn.o_proj.weight"), {D, queries}, ParameterKind::kMatrix, at.o, number);
    add(name("post_attention_layernorm.weight"), {D}, ParameterKind::kVector, at.post_attention_norm);
    add(name("mlp.gate_proj.weight"), {I, D}, ParameterKind::kMatrix, at.gate_up);
    add(name("mlp.up_proj.weight"), {I, D}, ParameterKind::kMatrix, at.gate_up + I * D);
    add(name("mlp.down_proj.weight"), {D, I}, ParameterKind::kMatrix, at.down, number);
  }
  add("model.norm.weight", {D}, ParameterKind::kVector, places_.final_norm);
}

void CompactParameters::initialise(uint64_t seed) {
  for (Parameter& parameter : list_) {
    if (parameter.kind == ParameterKind::kVector) {
      std::fill(parameter.value.begin(), parameter.value.end(), 1.0f);
      continue;
    }
    const double deviation = parameter.kind == ParameterKind::kMatrix
                                 ? 1 / std::sqrt(3.0 * static_cast<double>(parameter.shape[1]))
                                 : kEmbeddingDeviation;
    const Rng rng = Rng(seed).child(parameter.name);
    for (size_t i = 0; i < parameter.value.size(); ++i) {
      parameter.value[i] = static_cast<float>(deviation * rng.normal(i));
    }
  }
}

}  // namespace manyshot::train
