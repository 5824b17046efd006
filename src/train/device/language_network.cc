#include "train/device/language_network.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "train/device/causal_attention.h"
#include "train/device/rotation.h"
#include "train/language/layer_sites.h"

namespace manyshot::train {
namespace {

using at::Tensor;

constexpr uint64_t kChunkValues = uint64_t{1} << 24;  // read at once
constexpr int64_t kTargetsAtOnce = 1024;              // whose logits stand in memory

// By rows, so that a matrix is never whole in the host's memory.
Tensor read_tensor(const TensorSource& source, const std::string& name, const at::Device& device, at::ScalarType type) {
  const std::vector<uint64_t> shape = source.shape(name);
  const uint64_t rows = shape.size() == 1 ? 1 : shape[0], columns = shape.back();
  const uint64_t step = std::max<uint64_t>(1, kChunkValues / columns);
  Tensor result =
      at::empty({static_cast<int64_t>(rows), static_cast<int64_t>(columns)}, at::TensorOptions(device).dtype(type));
  std::vector<float> values(std::min(step, rows) * columns);
  for (uint64_t first = 0; first < rows; first += step) {
    const uint64_t count = std::min(step, rows - first);
    source.read_rows(name, first, count, std::span(values).first(count * columns));
    result.slice(0, static_cast<int64_t>(first), static_cast<int64_t>(first + count))
        .copy_(at::from_blob(values.data(), {static_cast<int64_t>(count), static_cast<int64_t>(columns)}, at::kFloat));
  }
  return shape.size() == 1 ? result.squeeze(0) : result;
}

size_t find_parameter(const ParameterStore& store, const std::string& name) {
  for (size_t i = 0; i < store.size(); ++i) {
    if (store[i].name == name) return i;
  }
  return ~size_t{0};
}

}  // namespace

LanguageNetwork::LanguageNetwork(const TensorSource& source, const LoraModules* lora, const ParameterStore& store,
                                 const at::Device& device, at::ScalarType type)
    : config_(source.config()), device_(device), type_(type) {
  embedding_ = open(source, "model.embed_tokens.weight", store);
  final_norm_ = open(source, "model.norm.weight", store);
  if (!config_.tie_word_embeddings) head_ = open(source, "lm_head.weight", store);
  for (size_t i = 0; i < static_cast<size_t>(config_.num_hidden_layers); ++i) {
    const std::string prefix = fmt::format("model.layers.{}.", i);
    Layer layer{.input_norm = open(source, prefix + "input_layernorm.weight", store),
                .post_attention_norm = open(source, prefix + "post_attention_layernorm.weight", store)};
    const auto module = [&](const char* name, uint64_t site) {
      return open_module(source, i, name, site, lora, store);
    };
    layer.q = module("self_attn.q_proj", kQkv);
    layer.k = module("self_attn.k_proj", kQkv);
    layer.v = module("self_attn.v_proj", kQkv);
    layer.o = module("self_attn.o_proj", kAttentionOut);
    layer.gate = module("mlp.gate_proj", kGateUp);
    layer.up = module("mlp.up_proj", kGateUp);
    layer.down = module("mlp.down_proj", kDown);
    layers_.push_back(std::move(layer));
  }
}

LanguageNetwork::Weight LanguageNetwork::open(const TensorSource& source, const std::string& name,
                                              const ParameterStore& store) {
  const size_t parameter = find_parameter(store, name);
  if (parameter != kNone) return {.parameter = parameter};
  return {.tensor = read_tensor(source, name, device_, type_)};
}

LanguageNetwork::Module LanguageNetwork::open_module(const TensorSource& source, size_t layer, const char* name,
                                                     uint64_t site, const LoraModules* lora,
                                                     const ParameterStore& store) {
  const std::string full_name = module_name(layer, {.name = name});
  Module module{.weight = open(source, full_name + ".weight", store), .site = site};
  if (source.contains(full_name + ".bias")) module.bias = open(source, full_name + ".bias", store);
  if (lora == nullptr) return module;
  const auto found = lora->find(full_name);
  if (found == lora->end()) return module;
  module.down.parameter = find_parameter(store, lora_down_name(full_name));
  module.up.parameter = find_parameter(store, lora_up_name(full_name));
  module.scale = found->second.scale;
  return module;
}

template <class Work>
void LanguageNetwork::for_weights(const Work& work) {
  const auto visit = [&](Weight& weight) {
    if (weight.parameter != kNone) work(weight);
  };
  for (Weight* weight : {&embedding_, &final_norm_, &head_}) visit(*weight);
  for (Layer& layer : layers_) {
    visit(layer.input_norm);
    visit(layer.post_attention_norm);
    for (Module* module : {&layer.q, &layer.k, &layer.v, &layer.o, &layer.gate, &layer.up, &layer.down}) {
      for (Weight* weight : {&module->weight, &module->bias, &module->down, &module->up}) visit(*weight);
    }
  }
}

void LanguageNetwork::renew(DeviceNumbers& numbers) {
  const c10::NoGradGuard no_gradients;
  for_weights([&](Weight& weight) {
    weight.tensor =
        numbers.value(weight.parameter).to(type_, /*non_blocking=*/false, /*copy=*/true).requires_grad_(true);
  });
}

void LanguageNetwork::add_gradients(DeviceNumbers& numbers) {
  const c10::NoGradGuard no_gradients;
  for_weights([&](Weight& weight) {
    Tensor& gradient = weight.tensor.mutable_grad();
    if (!gradient.defined()) return;
    numbers.gradient(weight.parameter).add_(gradient);
    gradient.reset();
  });
}

Tensor LanguageNetwork::norm(const Tensor& x, const Weight& gain) const {
  return at::rms_norm(x, {config_.hidden_size}, gain.tensor, config_.rms_norm_eps);
}

Tensor LanguageNetwork::apply(const Module& module, const Tensor& x, int64_t layer, const DeviceTexts& texts) const {
  const Tensor y = at::linear(x, module.weight.tensor,
                              module.bias.tensor.defined() ? std::optional(module.bias.tensor) : std::nullopt);
  if (!module.down.tensor.defined()) return y;
  const Tensor dropped = drop(texts, static_cast<uint64_t>(layer) * kNumSites + module.site, x);
  return y + at::linear(at::linear(dropped, module.down.tensor), module.up.tensor) * module.scale;
}

Tensor LanguageNetwork::embed(const DeviceTexts& texts) const { return at::embedding(embedding_.tensor, texts.tokens); }

Tensor LanguageNetwork::layer(int64_t number, const Tensor& x, const DeviceTexts& texts) const {
  return layer(number, x, texts, [&](const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
    return causal_attention(q, k, v, texts.lengths, scale);
  });
}

Tensor LanguageNetwork::layer(int64_t number, const Tensor& x, const DeviceTexts& texts,
                              const Attention& attention) const {
  const Layer& layer = layers_[static_cast<size_t>(number)];
  const auto heads = [&](const Tensor& projected, int64_t count) {
    return projected.view({texts.size(), count, config_.head_dim});
  };
  const auto turned = [&](const Tensor& projected, int64_t count) {
    return rotated(heads(projected, count), {texts.cosines, texts.sines});
  };
  const Tensor h = norm(x, layer.input_norm);
  const Tensor q = turned(apply(layer.q, h, number, texts), config_.num_attention_heads);
  const Tensor k = turned(apply(layer.k, h, number, texts), config_.num_key_value_heads);
  const Tensor v = heads(apply(layer.v, h, number, texts), config_.num_key_value_heads);
  const Tensor attended = attention(q, k, v, 1 / std::sqrt(static_cast<double>(config_.head_dim)));
  const Tensor y = x + apply(layer.o, attended.flatten(1), number, texts);
  const Tensor g = norm(y, layer.post_attention_norm);
  const Tensor inner = at::silu(apply(layer.gate, g, number, texts)) * apply(layer.up, g, number, texts);
  return y + apply(layer.down, inner, number, texts);
}

Tensor LanguageNetwork::hidden(const Tensor& x, const DeviceTexts& texts) const {
  return norm(x.index_select(0, texts.target_rows), final_norm_);
}

Tensor LanguageNetwork::logit_head() const { return device_.is_cpu() ? head().tensor.to(at::kFloat) : head().tensor; }

Tensor LanguageNetwork::logits(const Tensor& hidden, const Tensor& logit_head) {
  return hidden.is_cpu() ? at::mm(hidden.to(at::kFloat), logit_head.t()) : at::mm(hidden, logit_head.t(), at::kFloat);
}

LanguageNetwork::Losses LanguageNetwork::losses(const Tensor& hidden, const DeviceTexts& texts, const double* scale,
                                                DeviceNumbers& numbers) const {
  const c10::NoGradGuard no_gradients;
  const Weight& head = this->head();
  const Tensor logit_head = this->logit_head();
  Losses result;
  std::vector<Tensor> losses, likeliest, gradients;
  for (int64_t first = 0; first < hidden.size(0); first += kTargetsAtOnce) {
    const Tensor h = hidden.slice(0, first, std::min(first + kTargetsAtOnce, hidden.size(0))).detach();
    const Tensor target = texts.targets.slice(0, first, first + h.size(0)).unsqueeze(1);
    Tensor logits = LanguageNetwork::logits(h, logit_head);
    const Tensor log_sum = at::logsumexp(logits, 1, /*keepdim=*/true), of_target = logits.gather(1, target);
    losses.push_back((log_sum - of_target).squeeze(1));
    likeliest.push_back((logits.amax(1, true) <= of_target).squeeze(1));
    if (scale == nullptr) continue;
    Tensor dlogits = logits.sub_(log_sum).exp_();
    dlogits.scatter_add_(1, target, at::full_like(of_target, -1));
    dlogits = dlogits.mul_(*scale).to(type_);
    gradients.push_back(at::mm(dlogits, head.tensor));
    if (head.parameter != kNone) numbers.gradient(head.parameter).add_(at::mm(dlogits.t(), h));
  }
  result.loss = at::cat(losses);
  result.is_likeliest = at::cat(likeliest);
  if (scale != nullptr) result.gradient = at::cat(gradients);
  return result;
}

}  // namespace manyshot::train
