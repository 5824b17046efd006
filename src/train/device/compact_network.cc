#include "train/device/compact_network.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "train/compact/number_features.h"
#include "train/device/row_attention.h"
#include "train/device/swiglu.h"

namespace manyshot::train {
namespace {

using at::Tensor;

Tensor upload(const std::vector<float>& values, at::IntArrayRef shape, const at::Device& device) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).clone().to(device);
}

int64_t to_int(size_t value) { return static_cast<int64_t>(value); }

}  // namespace

CompactNetwork::CompactNetwork(const NetworkShape& shape, std::span<const float> output_scales,
                               const at::Device& device, at::ScalarType type)
    : shape_(shape),
      scales_(output_scales.begin(), output_scales.end()),
      device_(device),
      type_(type),
      number_features_(
          upload(number_features(shape.num_codes), {to_int(shape.num_codes), to_int(kNumberFeatures)}, device)),
      layers_(shape.num_layers) {
  const int64_t places = to_int(shape.num_columns) + 2, half = shape.config.head_dim / 2;
  const Tensor frequencies =
      at::pow(shape.config.rope_theta, -at::arange(half, at::kDouble) / static_cast<double>(half));
  const Tensor angles = at::outer(at::arange(places, at::kDouble), frequencies);
  cosines_ = at::cos(angles).to(at::kFloat).to(device);
  sines_ = at::sin(angles).to(at::kFloat).to(device);
}

// Calls work(leaf, shape, type) for every weight, with its place and scale set.
template <class Work>
void CompactNetwork::for_leaves(const ParameterPlaces& places, const Work& work) {
  const int64_t D = to_int(shape_.D), I = to_int(shape_.intermediate), queries = to_int(shape_.query_width());
  const auto visit = [&](Leaf& leaf, size_t place, std::vector<int64_t> shape, at::ScalarType type, float scale = 1) {
    leaf.place = place;
    leaf.scale = scale;
    work(leaf, shape, type);
  };
  const int64_t tables = to_int(shape_.smooth_tokens.size());
  visit(smooth_, places.smooth, {tables, to_int(kNumberFeatures), D}, at::kFloat);
  visit(plain_, places.plain, {to_int(shape_.num_plain), D}, at::kFloat);
  visit(final_norm_, places.final_norm, {D}, at::kFloat);
  for (size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    const LayerPlaces& at = places.layers[i];
    visit(layer.input_norm, at.input_norm, {D}, type_);
    visit(layer.qkv, at.qkv, {to_int(shape_.qkv_width), D}, type_);
    visit(layer.o, at.o, {D, queries}, type_, scales_[i]);
    visit(layer.post_attention_norm, at.post_attention_norm, {D}, type_);
    visit(layer.gate_up, at.gate_up, {2 * I, D}, type_);
    visit(layer.down, at.down, {D, I}, type_, scales_[i]);
  }
}

void CompactNetwork::set(const Weights& weights) {
  const int64_t D = to_int(shape_.D), I = to_int(shape_.intermediate), queries = to_int(shape_.query_width()),
                keys = to_int(shape_.key_width());
  const auto matrix = [&](const std::vector<float>& values, int64_t rows, int64_t columns) {
    return upload(values, {rows, columns}, device_).to(type_);
  };
  const auto gain = [&](const std::vector<float>& values) { return upload(values, {D}, device_).to(type_); };
  const ModelConfig& config = shape_.config;
  const Tensor embedding = upload(weights.embedding, {config.vocab_size, D}, device_);
  const auto rows = [&](const std::vector<TokenRange>& parts) {
    std::vector<Tensor> all;
    for (const TokenRange& tokens : parts) all.push_back(embedding.slice(0, tokens.first, tokens.last + 1));
    return at::cat(all);
  };
  smooth_tables_ = rows(shape_.smooth_tokens);
  plain_.weight = rows(shape_.plain_tokens);
  final_norm_.weight = upload(weights.final_norm, {D}, device_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerWeights& from = weights.layers[i];
    Layer& to = layers_[i];
    to.input_norm.weight = gain(from.input_norm);
    to.qkv.weight =
        at::cat({matrix(from.q_proj, queries, D), matrix(from.k_proj, keys, D), matrix(from.v_proj, keys, D)});
    to.o.weight = matrix(from.o_proj, D, queries);
    to.post_attention_norm.weight = gain(from.post_attention_norm);
    to.gate_up.weight = at::cat({matrix(from.gate_proj, I, D), matrix(from.up_proj, I, D)});
    to.down.weight = matrix(from.down_proj, D, I);
  }
}

void CompactNetwork::renew(const Tensor& masters, const ParameterPlaces& places) {
  const c10::NoGradGuard no_gradients;
  for_leaves(places, [&](Leaf& leaf, const std::vector<int64_t>& shape, at::ScalarType type) {
    int64_t size = 1;
    for (const int64_t extent : shape) size *= extent;
    const Tensor master = masters.slice(0, to_int(leaf.place), to_int(leaf.place) + size).view(shape);
    const Tensor scaled = leaf.scale == 1 ? master : master * leaf.scale;
    leaf.weight = scaled.to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_(true);
  });
}

void CompactNetwork::add_gradients(Tensor& gradients, const ParameterPlaces& places) {
  const c10::NoGradGuard no_gradients;
  for_leaves(places, [&](Leaf& leaf, const std::vector<int64_t>&, at::ScalarType) {
    Tensor& gradient = leaf.weight.mutable_grad();
    if (!gradient.defined()) return;
    gradients.slice(0, to_int(leaf.place), to_int(leaf.place) + gradient.numel())
        .add_(gradient.reshape({-1}), leaf.scale);
    gradient.reset();
  });
}

Tensor CompactNetwork::norm(const Tensor& x, const Tensor& gain) const {
  return at::rms_norm(x, {to_int(shape_.D)}, gain, shape_.config.rms_norm_eps);
}

Angles CompactNetwork::angles_of(const Tensor& places) const {
  return {cosines_.index_select(0, places).unsqueeze(1), sines_.index_select(0, places).unsqueeze(1)};
}

Projection CompactNetwork::projection(const Tensor& first, const Tensor& second) const {
  return {first, second, to_int(shape_.attention.num_heads), to_int(shape_.attention.head_dim)};
}

Tensor CompactNetwork::finish(const Layer& layer, const Tensor& x, const Tensor& attended) const {
  const Tensor y = x + at::linear(attended, layer.o.weight);
  const Tensor gate_up = at::linear(norm(y, layer.post_attention_norm.weight), layer.gate_up.weight);
  return y + at::linear(swiglu(gate_up), layer.down.weight);
}

Tensor CompactNetwork::smooth_tables() const {
  return smooth_tables_.defined() ? smooth_tables_ : at::matmul(number_features_, smooth_.weight).flatten(0, 1);
}

Tensor CompactNetwork::embed(const DevicePack& pack, const Tensor& smooth) const {
  const Tensor nothing = at::zeros({1, to_int(shape_.D)}, plain_.weight.options());
  const Tensor table = at::cat({smooth, plain_.weight, nothing}, 0).to(type_);
  Tensor x = at::embedding(table, pack.first);
  if (shape_.config.typed) x = x + at::embedding(table, pack.second);
  return x + at::embedding(table, pack.column);
}

// All tokens ask.
Tensor CompactNetwork::row_layer(const Layer& layer, const Tensor& x, const DevicePack& pack,
                                 const Angles& angles) const {
  const Tensor qkv = at::linear(norm(x, layer.input_norm.weight), layer.qkv.weight);
  return finish(layer, x, row_attention(projection(qkv), {angles, angles}, pack.row_lengths, shape_.score_scale()));
}

// Bars and labels alone ask, and go on, as summaries.
Tensor CompactNetwork::last_row_layer(const Layer& layer, const Tensor& x, const DevicePack& pack, const Angles& angles,
                                      const Angles& asking_angles) const {
  const int64_t queries = to_int(shape_.query_width());
  const Tensor h = norm(x, layer.input_norm.weight);
  const Tensor kv = at::linear(h, layer.qkv.weight.slice(0, queries));
  const Tensor q = at::linear(h.index_select(0, pack.asking), layer.qkv.weight.slice(0, 0, queries));
  const Tensor attended =
      row_attention(projection(q, kv), {asking_angles, angles}, pack.asking_lengths, shape_.score_scale());
  return finish(layer, x.index_select(0, pack.asking), attended).index_select(0, pack.summary);
}

// The last layer's labels have nobody left to tell.
Tensor CompactNetwork::context_layer(const Layer& layer, const Tensor& x, const DevicePack& pack, const Angles& angles,
                                     bool is_last) const {
  const Tensor h = norm(x, layer.input_norm.weight);
  if (!is_last) {
    const Tensor qkv = at::linear(h, layer.qkv.weight);
    return finish(layer, x, label_attention(projection(qkv), {angles, angles}, pack.plan, shape_.score_scale()));
  }
  const int64_t queries = to_int(shape_.query_width()), first = pack.num_labelled;
  const Tensor kv = at::linear(h, layer.qkv.weight.slice(0, queries));
  const Tensor q = at::linear(h.slice(0, first), layer.qkv.weight.slice(0, 0, queries));
  return finish(layer, x.slice(0, first),
                label_attention(projection(q, kv), {angles.slice(first), angles}, pack.plan, shape_.score_scale()));
}

CompactNetwork::Logits CompactNetwork::logits(const DevicePack& pack) const {
  const Tensor smooth = smooth_tables();
  Tensor x = embed(pack, smooth);
  const Angles token_angles = angles_of(pack.place), summary_angles = angles_of(pack.summary_place);
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (i + 1 < shape_.row_layers) {
      x = row_layer(layers_[i], x, pack, token_angles);
    } else if (i + 1 == shape_.row_layers) {
      x = last_row_layer(layers_[i], x, pack, token_angles, angles_of(pack.place.index_select(0, pack.asking)));
    } else {
      x = context_layer(layers_[i], x, pack, summary_angles, i + 1 == layers_.size());
    }
  }
  const Tensor bars = norm(x.to(at::kFloat), final_norm_.weight);
  const auto of = [&](const DeviceBars& these, const Tensor& answers) {
    if (these.size == 0) return Tensor();
    return at::linear(these.row.defined() ? bars.index_select(0, these.row) : bars, answers);
  };
  const int64_t first = to_int(shape_.first_target());
  return {.labels = of(pack.labels, plain_.weight.slice(0, 0, to_int(shape_.num_labels))),
          .numbers = of(pack.numbers, smooth.slice(0, first, first + to_int(shape_.num_codes)))};
}

}  // namespace manyshot::train
