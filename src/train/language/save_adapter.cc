#include "train/language/save_adapter.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "model/files/safetensors.h"
#include "model/files/safetensors_writer.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

// The alpha that gives a module its scale.
double alpha_of(const LoraModule& module, bool use_rslora) {
  const auto rank = static_cast<double>(module.rank);
  return module.scale * (use_rslora ? std::sqrt(rank) : rank);
}

Json adapter_config(const LoraModules& modules, const LoraOptions& options, const std::string& base) {
  const LoraModule& first = modules.begin()->second;
  const double alpha = alpha_of(first, options.use_rslora);
  std::set<std::string> targets;
  Json rank_pattern = Json::object(), alpha_pattern = Json::object();
  for (const auto& [name, module] : modules) {
    targets.insert(name.substr(name.rfind('.') + 1));
    if (module.rank != first.rank) rank_pattern[name] = module.rank;
    const double own_alpha = alpha_of(module, options.use_rslora);
    if (std::abs(own_alpha - alpha) > 1e-9 * std::abs(alpha)) alpha_pattern[name] = own_alpha;
  }
  Json config;
  config["peft_type"] = "LORA";
  config["task_type"] = "CAUSAL_LM";
  config["base_model_name_or_path"] = base;
  config["r"] = first.rank;
  if (alpha == std::floor(alpha)) {
    config["lora_alpha"] = static_cast<int64_t>(alpha);
  } else {
    config["lora_alpha"] = alpha;
  }
  config["lora_dropout"] = options.dropout;
  config["use_rslora"] = options.use_rslora;
  config["target_modules"] = targets;
  config["rank_pattern"] = rank_pattern;
  config["alpha_pattern"] = alpha_pattern;
  config["bias"] = "none";
  config["fan_in_fan_out"] = false;
  config["inference_mode"] = true;
  config["init_lora_weights"] = true;
  config["modules_to_save"] = nullptr;
  config["use_dora"] = false;
  return config;
}

}  // namespace

LoraModules continued_modules(const AdapterFolder& adapter, const LanguageModelConfig& config, const std::string& base,
                              const std::string& folder) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> shapes;  // outputs and inputs of every module
  for (const SiteShape& site : site_shapes(config)) {
    for (const SiteModule& module : site.modules) {
      for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
        shapes[module_name(static_cast<size_t>(layer), module)] = {module.num_outputs, site.num_inputs};
      }
    }
  }
  if (adapter.start != AdapterStart::kBase) {
    fail(ErrorKind::kUnsupported,
         "{}: OLoRA started this adapter by taking a part out of the base's weights, so it cannot be trained beside "
         "them; merge it first (manyshot merge --model {} --adapter {} --out FOLDER) and train a new one on that model",
         folder, base, folder);
  }
  LoraModules modules;
  for (const auto& [name, pair] : adapter.pairs) {
    const auto found = shapes.find(name);
    if (found == shapes.end()) {
      fail(
          ErrorKind::kBadInput,
          "{}: the adapter changes \"{}\", which is no linear layer of {} that can be trained; continue it on the base "
          "it was trained on",
          folder, name, base);
    }
    if (found->second != std::pair{pair.outputs, pair.inputs}) {
      fail(ErrorKind::kBadInput,
           "{}: the adapter's \"{}\" is for a matrix [{}, {}], {} has [{}, {}]; continue it on the base it was trained "
           "on",
           folder, name, pair.outputs, pair.inputs, base, found->second.first, found->second.second);
    }
    modules[name] = {pair.rank, pair.scale};
  }
  return modules;
}

void copy_factors(const AdapterFolder& adapter, ParameterStore& store) {
  std::map<std::string, const std::vector<float>*> factors;
  for (const auto& [name, pair] : adapter.pairs) {
    factors[lora_down_name(name)] = &pair.down;
    factors[lora_up_name(name)] = &pair.up;
  }
  for (Parameter& parameter : store.all()) {
    std::copy(factors.at(parameter.name)->begin(), factors.at(parameter.name)->end(), parameter.value.begin());
  }
}

void write_adapter_folder(const LoraModules& modules, const LoraOptions& options, const std::string& base,
                          const ParameterStore& store, const std::string& folder) {
  make_folder(folder);
  std::vector<TensorEntry> entries;
  for (size_t i = 0; i < store.size(); ++i) {
    entries.push_back({store[i].name, TensorType::kF32, {store[i].shape.begin(), store[i].shape.end()}});
  }
  SafetensorsWriter writer((fs::path(folder) / "adapter_model.safetensors").string(), entries);
  for (size_t i = 0; i < store.size(); ++i) writer.write(std::as_bytes(store[i].value));
  writer.commit();
  write_file((fs::path(folder) / "adapter_config.json").string(),
             adapter_config(modules, options, base).dump(2) + "\n");
}

}  // namespace manyshot::train
