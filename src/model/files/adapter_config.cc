#include "model/files/adapter_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr uint64_t kMaxConfigBytes = 16 << 20;
constexpr double kMaxRank = 1 << 20;
// PEFT's own values of absent keys; the targets are those of Llama and Qwen2.
constexpr double kDefaultRank = 8, kDefaultAlpha = 8;
constexpr const char* kDefaultTargets[] = {"q_proj", "v_proj"};

// Keys that make an adapter something else than plain LoRA when they are set.
constexpr const char* kOtherLora[] = {
    "use_dora",          "lora_bias",       "use_qalora",        "alora_invocation_tokens",
    "layer_replication", "kasa_config",     "use_bdlora",        "arrow_config",
    "monteclora_config", "modules_to_save", "target_parameters", "trainable_token_indices"};

constexpr const char* kMerge =
    "merge the adapter into its base with PEFT (merge_and_unload), and give that model without --adapter";

bool is_set(const Json& value) {
  return !(value.is_null() || value == false || ((value.is_array() || value.is_object()) && value.empty()));
}

// Whether the name is this one or ends with it behind a dot.
bool is_named(std::string_view module, const std::string& name) {
  return module == name ||
         (module.ends_with(name) && module.size() > name.size() && module[module.size() - name.size() - 1] == '.');
}

}  // namespace

AdapterConfig::AdapterConfig(const std::string& path)
    : path_(path), json_(Json::parse(read_file(path, kMaxConfigBytes), nullptr, /*allow_exceptions=*/false)) {
  if (!json_.is_object()) fail(ErrorKind::kCorruptFile, "{}: not a JSON object; copy the adapter again", path);
  refuse_other_kinds();
  start_ = read_start();
  const double rank = number("r", kDefaultRank);
  if (rank != std::floor(rank) || rank < 1 || rank > kMaxRank) refuse("r", "a whole number above 0");
  rank_ = static_cast<uint64_t>(rank);
  alpha_ = number("lora_alpha", kDefaultAlpha);
  dropout_ = number("lora_dropout", 0);
  if (const Json* rslora = find("use_rslora")) rslora_ = *rslora == true;
  if (const Json* base = find("base_model_name_or_path"); base != nullptr && base->is_string()) base_name_ = *base;
  ranks_ = read_values("rank_pattern");
  alphas_ = read_values("alpha_pattern");
  read_targets();
  read_layers();
}

// null counts as absent, as for PEFT.
const Json* AdapterConfig::find(const char* key) const {
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

void AdapterConfig::refuse(const char* key, std::string_view expected) const {
  fail(ErrorKind::kCorruptFile, "{}: \"{}\" is {}, expected {}; copy the adapter again", path_, key,
       excerpt(find(key)->dump()), expected);
}

double AdapterConfig::number(const char* key, double otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number() || !std::isfinite(value->get<double>())) refuse(key, "a number");
  return value->get<double>();
}

// A text or a list of texts.
std::vector<std::string> AdapterConfig::texts(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  const Json list = value->is_array() ? *value : Json::array({*value});
  if (!std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_string(); })) {
    refuse(key, "a text or a list of texts");
  }
  return list.get<std::vector<std::string>>();
}

// A number or a list of numbers.
std::vector<int> AdapterConfig::layers(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  const Json list = value->is_array() ? *value : Json::array({*value});
  const auto is_layer = [](const Json& item) {
    return item.is_number_integer() && item >= 0 && item <= std::numeric_limits<int>::max();
  };
  if (!std::all_of(list.begin(), list.end(), is_layer)) refuse(key, "a layer's number or a list of them");
  return list.get<std::vector<int>>();
}

void AdapterConfig::refuse_other_kinds() const {
  if (const Json* kind = find("peft_type"); kind != nullptr && *kind != "LORA") {
    fail(ErrorKind::kUnsupported, "{}: peft_type {} cannot be applied, LORA can; {}", path_, excerpt(kind->dump()),
         kMerge);
  }
  for (const char* key : kOtherLora) {
    if (const Json* value = find(key); value != nullptr && is_set(*value)) {
      fail(ErrorKind::kUnsupported, "{}: {} {} cannot be applied, plain LoRA can; {}", path_, key,
           excerpt(value->dump()), kMerge);
    }
  }
  if (const Json* bias = find("bias"); bias != nullptr && *bias != "none") {
    fail(ErrorKind::kUnsupported, "{}: bias {} cannot be applied, none can; {}", path_, excerpt(bias->dump()), kMerge);
  }
}

// PEFT makes some starts again when it loads an adapter, and takes them out of the base.
AdapterStart AdapterConfig::read_start() const {
  const Json* value = find("init_lora_weights");
  if (value == nullptr || value->is_boolean()) return AdapterStart::kBase;
  std::string kind = value->is_string() ? value->get<std::string>() : "";
  std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* plain : {"gaussian", "orthogonal", "eva", "mica"}) {
    if (kind == plain) return AdapterStart::kBase;
  }
  if (kind == "olora") return AdapterStart::kOlora;
  const bool changes_base = kind == "lora_ga" || kind.starts_with("pissa") || kind.starts_with("corda");
  if (kind != "loftq" && !changes_base) {
    fail(ErrorKind::kUnsupported,
         "{}: init_lora_weights {} is not known here, so neither is whether it changes the base; {}", path_,
         excerpt(value->dump()), kMerge);
  }
  if (kind == "loftq") {
    fail(ErrorKind::kUnsupported,
         "{}: init_lora_weights \"loftq\": this adapter belongs to the quantised weights that LoftQ made of its base, "
         "which are not here; with PEFT, on those weights, {}",
         path_, kMerge);
  }
  fail(ErrorKind::kUnsupported,
       "{}: init_lora_weights {}: the training began by taking a part out of the base's weights, so that base and "
       "adapter together are not the trained model; make it plain LoRA with PEFT: "
       "save_pretrained(FOLDER, path_initial_model_for_weight_conversion=THE_ADAPTER_BEFORE_TRAINING); or {}",
       path_, excerpt(value->dump()), kMerge);
}

AdapterConfig::Values AdapterConfig::read_values(const char* key) const {
  Values values;
  const Json* object = find(key);
  if (object == nullptr) return values;
  if (!object->is_object()) refuse(key, "an object");
  for (const auto& [pattern, value] : object->items()) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) refuse(key, "an object of numbers");
    values.emplace_back(ModulePattern(pattern, ModulePattern::Fit::kTail, path_ + ": " + key), value.get<double>());
  }
  return values;
}

void AdapterConfig::read_targets() {
  using Fit = ModulePattern::Fit;
  const Json* targets = find("target_modules");
  targets_ = texts("target_modules");
  if (targets == nullptr) {
    targets_.assign(std::begin(kDefaultTargets), std::end(kDefaultTargets));
  } else if (targets->is_string()) {
    targets_all_linear_ = targets_.front() == "all-linear";
    if (!targets_all_linear_) target_pattern_.emplace(targets_.front(), Fit::kWhole, path_ + ": target_modules");
  }
  const Json* excluded = find("exclude_modules");
  excluded_ = texts("exclude_modules");
  if (excluded != nullptr && excluded->is_string() && *excluded != "") {
    excluded_pattern_.emplace(excluded_.front(), Fit::kWhole, path_ + ": exclude_modules");
  }
}

// layers_to_transform counts for lists of target_modules alone; a layer's number stands behind layers_pattern, or
// behind any name.
void AdapterConfig::read_layers() {
  const std::vector<int> chosen = layers("layers_to_transform");
  if (chosen.empty()) return;
  std::vector<std::string> patterns = texts("layers_pattern");
  if (patterns.empty()) patterns = {"[^.]*"};
  layers_.emplace();
  for (const std::string& pattern : patterns) {
    layers_->emplace_back(fmt::format(".*?\\.{}\\.(?:{})\\.", pattern, fmt::join(chosen, "|")),
                          ModulePattern::Fit::kHead, path_ + ": layers_pattern");
  }
}

bool AdapterConfig::is_excluded(std::string_view module) const {
  if (excluded_pattern_) return excluded_pattern_->matches(module);
  return std::ranges::any_of(excluded_, [&](const std::string& name) { return is_named(module, name); });
}

bool AdapterConfig::targets(std::string_view module) const {
  if (is_excluded(module)) return false;
  if (targets_all_linear_) return module != "lm_head";
  if (target_pattern_) return target_pattern_->matches(module);
  if (std::ranges::find(targets_, module) != targets_.end()) return true;
  if (!std::ranges::any_of(targets_, [&](const std::string& name) { return is_named(module, name); })) return false;
  return !layers_ || std::ranges::any_of(*layers_, [&](const ModulePattern& layer) { return layer.matches(module); });
}

uint64_t AdapterConfig::rank(std::string_view module) const {
  for (const auto& [pattern, rank] : ranks_) {
    if (!pattern.matches(module)) continue;
    if (rank != std::floor(rank) || rank < 1 || rank > kMaxRank) refuse("rank_pattern", "whole numbers above 0");
    return static_cast<uint64_t>(rank);
  }
  return rank_;
}

double AdapterConfig::alpha(std::string_view module) const {
  const auto found = std::ranges::find_if(alphas_, [&](const auto& entry) { return entry.first.matches(module); });
  return found == alphas_.end() ? alpha_ : found->second;
}

double AdapterConfig::scale(std::string_view module) const {
  const auto rank = static_cast<double>(this->rank(module));
  return alpha(module) / (rslora_ ? std::sqrt(rank) : rank);
}

}  // namespace manyshot
