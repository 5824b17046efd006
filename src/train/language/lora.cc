#include "train/language/lora.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/text.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::PackedMatrix;

namespace {

constexpr const char* kAllLinear = "all-linear";
constexpr const char* kModules[] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};

}  // namespace

LoraModules lora_modules(const LoraOptions& options, const LanguageModelConfig& config) {
  if (options.rank < 1) fail(ErrorKind::kBadInput, "LoRA rank {}: expected 1 or more", options.rank);
  if (!std::isfinite(options.alpha)) fail(ErrorKind::kBadInput, "LoRA alpha {}: expected a number", options.alpha);
  if (!(options.dropout >= 0 && options.dropout < 1))
    fail(ErrorKind::kBadInput, "LoRA dropout {}: expected 0 up to, not including, 1", options.dropout);
  if (options.target_modules.empty()) fail(ErrorKind::kBadInput, "LoRA has no target modules; expected all-linear");
  for (const std::string& target : options.target_modules) {
    if (target == kAllLinear || std::find(std::begin(kModules), std::end(kModules), target) != std::end(kModules))
      continue;
    fail(ErrorKind::kBadInput,
         "LoRA target \"{}\" is unknown; expected all-linear, q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj or "
         "down_proj",
         excerpt(target));
  }
  LoraModules modules;
  const double rank = options.rank, scale = options.alpha / (options.use_rslora ? std::sqrt(rank) : rank);
  for (const SiteShape& site : site_shapes(config)) {
    for (const SiteModule& module : site.modules) {
      const bool is_target =
          std::any_of(options.target_modules.begin(), options.target_modules.end(), [&](const std::string& target) {
            return target == kAllLinear || std::string_view(module.name).ends_with("." + target);
          });
      if (!is_target) continue;
      for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
        modules[module_name(static_cast<size_t>(layer), module)] = {static_cast<size_t>(options.rank), scale};
      }
    }
  }
  return modules;
}

std::string lora_down_name(std::string_view module) { return fmt::format("base_model.model.{}.lora_A.weight", module); }
std::string lora_up_name(std::string_view module) { return fmt::format("base_model.model.{}.lora_B.weight", module); }

LoraFactors add_lora_factors(const std::string& module, size_t rank, size_t num_inputs, size_t num_outputs,
                             ParameterStore& store) {
  const size_t down = store.add(lora_down_name(module), {rank, num_inputs}, ParameterKind::kMatrix);
  return {.down = down, .up = store.add(lora_up_name(module), {num_outputs, rank}, ParameterKind::kMatrix)};
}

void add_lora_factors(const LoraModules& modules, const LanguageModelConfig& config, ParameterStore& store) {
  const SiteShapes sites = site_shapes(config);
  for (size_t layer = 0; layer < static_cast<size_t>(config.num_hidden_layers); ++layer) {
    for (const SiteShape& site : sites) {
      for (const SiteModule& module : site.modules) {
        const std::string name = module_name(layer, module);
        const auto found = modules.find(name);
        if (found == modules.end()) continue;
        add_lora_factors(name, found->second.rank, site.num_inputs, module.num_outputs, store);
      }
    }
  }
}

void initialise_lora(ParameterStore& store, uint64_t seed) {
  for (Parameter& parameter : store.all()) {
    if (!parameter.name.ends_with(".lora_A.weight")) {
      std::fill(parameter.value.begin(), parameter.value.end(), 0.0f);
      continue;
    }
    const Rng rng = Rng(seed).child(parameter.name);
    const double bound = 1 / std::sqrt(static_cast<double>(parameter.shape[1]));
    for (size_t i = 0; i < parameter.value.size(); ++i) {
      parameter.value[i] = static_cast<float>(rng.uniform(i, -bound, bound));
    }
  }
}

template <class T>
LoraSite<T>::LoraSite(const LoraModules& modules, const SiteShape& site, size_t layer, ParameterStore& store) {
  for (size_t m = 0; m < site.modules.size(); ++m) {
    const SiteModule& module = site.modules[m];
    const std::string name = module_name(layer, module);
    const auto found = modules.find(name);
    if (found == modules.end()) continue;
    const size_t rank = found->second.rank;
    const auto [a, b] = add_lora_factors(name, rank, site.num_inputs, module.num_outputs, store);
    targets_.push_back({m, a, b, rank_, rank, static_cast<float>(found->second.scale)});
    rank_ += rank;
  }
  if (rank_ == 0) return;
  down = PackedMatrix<T>(rank_, site.input_width);
  down_transposed = PackedMatrix<T>(site.input_width, rank_);
  up = PackedMatrix<T>(site.num_outputs, rank_);
  up_transposed = PackedMatrix<T>(rank_, site.num_outputs);
}

template <class T>
void LoraSite<T>::pack(const SiteShape& site, const ParameterStore& store) {
  if (rank_ == 0) return;
  std::vector<float> row_a(site.input_width), a(site.input_width * rank_), b(site.num_outputs * rank_),
      row_b(site.num_outputs);
  for (const Target& target : targets_) {
    const std::span<const float> values_a = store[target.a].value, values_b = store[target.b].value;
    const SiteModule& module = site.modules[target.module];
    for (size_t r = 0; r < target.rank; ++r) {
      const size_t rank = target.first_rank + r;
      std::copy_n(values_a.data() + r * site.num_inputs, site.num_inputs, row_a.data());
      down.set_rows(rank, row_a, site.input_width);
      for (size_t i = 0; i < site.num_inputs; ++i) a[i * rank_ + rank] = row_a[i];
      std::fill(row_b.begin(), row_b.end(), 0.0f);
      for (size_t row = 0; row < module.num_outputs; ++row) {
        const size_t site_row = module.site_row(row);
        row_b[site_row] = b[site_row * rank_ + rank] = target.scale * values_b[row * target.rank + r];
      }
      up_transposed.set_rows(rank, row_b, site.num_outputs);
    }
  }
  down_transposed.set_rows(0, a, rank_);
  up.set_rows(0, b, rank_);
}

template <class T>
void LoraSite<T>::add_sums(const SiteShape& site, std::span<float* const> chunks, ParameterStore& store) const {
  // The first chunk takes the sum of all.
  const auto sum_chunks = [&](size_t begin, size_t count) {
    float* sums = chunks[0] + begin;
    for (float* chunk : chunks.subspan(1)) {
      for (size_t i = 0; i < count; ++i) sums[i] += chunk[begin + i];
      std::fill_n(chunk + begin, count, 0.0f);
    }
    return sums;
  };
  for (const Target& target : targets_) {
    const std::span<float> gradient_a = store[target.a].gradient, gradient_b = store[target.b].gradient;
    const SiteModule& module = site.modules[target.module];
    parallel_for(target.rank, [&](size_t r, int) {
      const size_t rank = target.first_rank + r;
      float* sums = sum_chunks(rank * site.input_width, site.input_width);
      for (size_t i = 0; i < site.num_inputs; ++i) gradient_a[r * site.num_inputs + i] += sums[i];
      std::fill_n(sums, site.input_width, 0.0f);
    });
    parallel_for(target.rank, [&](size_t r, int) {
      const size_t begin = rank_ * site.input_width + (target.first_rank + r) * site.num_outputs;
      // Outputs of the site's other modules have sums here, too, which nothing reads.
      float* sums = sum_chunks(begin, site.num_outputs);
      for (size_t row = 0; row < module.num_outputs; ++row) {
        gradient_b[row * target.rank + r] += target.scale * sums[module.site_row(row)];
      }
      std::fill_n(sums, site.num_outputs, 0.0f);
    });
  }
}

template class LoraSite<float>;
template class LoraSite<BFloat16>;

}  // namespace manyshot::train
