// LoRA beside frozen weights: y = x W^T + scale (x A^T) B^T. Modules that share an input share their products: the A of
// all of them stand one below the other, their B side by side, zero where a module has no part in an output.
// Source: Hu et al. 2021, arXiv 2106.09685, section 4.1; scale alpha / sqrt(rank) of use_rslora: Kalajdzievski 2023,
// arXiv 2312.03732.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernels/gemm.h"
#include "train/language/layer_sites.h"
#include "train/language/parameter_store.h"
#include "train/lora_options.h"

namespace manyshot::train {

struct LoraModule {
  size_t rank = 0;
  double scale = 0;
};
// By name: "model.layers.0.self_attn.q_proj".
using LoraModules = std::map<std::string, LoraModule, std::less<>>;

// The modules that the options name. Throws Error(kBadInput) for values out of range and names that no module has.
LoraModules lora_modules(const LoraOptions& options, const LanguageModelConfig& config);

// The modules' names in adapter_model.safetensors: "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight".
std::string lora_down_name(std::string_view module);
std::string lora_up_name(std::string_view module);

// The parameter numbers of a module's two factors.
struct LoraFactors {
  size_t down = 0, up = 0;  // A [rank, inputs], B [outputs, rank]
};
LoraFactors add_lora_factors(const std::string& module, size_t rank, size_t num_inputs, size_t num_outputs,
                             ParameterStore& store);
// Of all modules, layer by layer.
void add_lora_factors(const LoraModules& modules, const LanguageModelConfig& config, ParameterStore& store);

// A drawn as PEFT draws it (uniform within 1 / sqrt(inputs), He et al. 2015 with a = sqrt(5)), a function of seed and
// name; B is zero.
void initialise_lora(ParameterStore& store, uint64_t seed);

// The trained factors of one site of one layer.
template <class T>
class LoraSite {
 public:
  LoraSite() = default;
  // Adds two parameters to the store for each of `modules` that the site has, named as PEFT names them.
  LoraSite(const LoraModules& modules, const SiteShape& site, size_t layer, ParameterStore& store);

  bool is_trained() const { return rank_ > 0; }
  size_t rank() const { return rank_; }                                            // of all targets together
  size_t width() const { return kernels::round_up(rank_, kernels::kPanelWidth); }  // of a row of x A^T
  // Renews the packed factors.
  void pack(const SiteShape& site, const ParameterStore& store);

  kernels::PackedMatrix<T> down;             // A [rank, inputs]
  kernels::PackedMatrix<T> down_transposed;  // [inputs, rank]
  kernels::PackedMatrix<T> up;               // scale B [outputs, rank]
  kernels::PackedMatrix<T> up_transposed;    // [rank, outputs]

  // Gradients are summed as dA [rank, input_width], behind it dB^T [rank, outputs] of unscaled B.
  size_t sums_size(const SiteShape& site) const { return rank_ * (site.input_width + site.num_outputs); }
  // Moves the sums of several chunks, added in order, to the parameters' gradients, by all threads; zeros stay behind.
  void add_sums(const SiteShape& site, std::span<float* const> chunks, ParameterStore& store) const;

 private:
  struct Target {
    size_t module, a, b;  // of the site; parameter numbers
    size_t first_rank, rank;
    float scale;
  };
  std::vector<Target> targets_;
  size_t rank_ = 0;
};

extern template class LoraSite<float>;
extern template class LoraSite<kernels::BFloat16>;

}  // namespace manyshot::train
