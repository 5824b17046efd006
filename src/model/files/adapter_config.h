// adapter_config.json of a PEFT LoRA adapter: which modules it changes, with which rank and scale. Names of modules are
// those of the base: "model.layers.0.self_attn.q_proj".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/options.h"
#include "model/files/module_pattern.h"

namespace manyshot {

// What the base is to be before the adapter's product is added to it.
enum class AdapterStart {
  kBase,   // as it is: Gaussian, orthogonal, EVA, MiCA, …
  kOlora,  // without what OLoRA put into the adapter at the start (model/language/olora.h)
};

class AdapterConfig {
 public:
  // Throws Error(kCorruptFile) for a file that is no such configuration, kUnsupported for adapters that are no plain
  // LoRA on linear layers (DoRA, biases, saved modules, other kinds), and for those whose start changed the base in a
  // way that the files do not tell (PiSSA, CorDA, LoftQ, LoRA-GA).
  explicit AdapterConfig(const std::string& path);

  // Whether PEFT would load weights for this module: target_modules, exclude_modules, layers_to_transform.
  bool targets(std::string_view module) const;
  // r or alpha of the module: of the first pattern of the file that fits it, else the adapter's.
  uint64_t rank(std::string_view module) const;
  double alpha(std::string_view module) const;
  // alpha / rank, or alpha / sqrt(rank) with use_rslora.
  double scale(std::string_view module) const;

  AdapterStart start() const { return start_; }
  bool use_rslora() const { return rslora_; }
  double dropout() const { return dropout_; }
  const std::string& base_name() const { return base_name_; }  // base_model_name_or_path; "" without one

 private:
  // Values of some modules, in the file's order.
  using Values = std::vector<std::pair<ModulePattern, double>>;

  const Json* find(const char* key) const;
  double number(const char* key, double otherwise) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<int> layers(const char* key) const;
  [[noreturn]] void refuse(const char* key, std::string_view expected) const;

  void refuse_other_kinds() const;
  AdapterStart read_start() const;
  Values read_values(const char* key) const;
  void read_targets();
  void read_layers();
  bool is_excluded(std::string_view module) const;

  std::string path_;
  Json json_;
  AdapterStart start_ = AdapterStart::kBase;
  uint64_t rank_ = 0;
  double alpha_ = 0, dropout_ = 0;
  bool rslora_ = false;
  std::string base_name_;
  Values ranks_, alphas_;
  bool targets_all_linear_ = false;
  std::optional<ModulePattern> target_pattern_, excluded_pattern_;  // given as a text
  std::vector<std::string> targets_, excluded_;                     // given as lists
  std::optional<std::vector<ModulePattern>> layers_;                // a layer of layers_to_transform
};

}  // namespace manyshot
