#include "model/files/adapter_folder.h"

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"
#include "model/files/safetensors.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kDown = ".lora_A.weight", kUp = ".lora_B.weight";
constexpr uint64_t kMaxConfigBytes = 16 << 20;

std::string required_file(const std::string& folder, const char* name) {
  const std::string path = (fs::path(folder) / name).string();
  std::error_code error;
  if (!fs::exists(path, error)) {
    fail(ErrorKind::kNotFound,
         "{}: no {} in this folder; an adapter is a folder with adapter_config.json and adapter_model.safetensors, as "
         "PEFT writes it",
         folder, name);
  }
  return path;
}

// What adapter_config.json says about the scale of each layer.
class AdapterConfig {
 public:
  explicit AdapterConfig(const std::string& path)
      : path_(path), json_(Json::parse(read_file(path, kMaxConfigBytes), nullptr, /*allow_exceptions=*/false)) {
    if (!json_.is_object()) fail(ErrorKind::kCorruptFile, "{}: not a JSON object; copy the adapter again", path);
    const Json kind = json_.value("peft_type", Json("LORA"));
    if (kind != "LORA")
      fail(ErrorKind::kUnsupported,
           "{}: peft_type {} cannot be applied, LORA can; merge the adapter into its base with PEFT", path,
           excerpt(kind.dump()));
    for (const char* key : {"use_dora", "fan_in_fan_out", "lora_bias"}) {
      if (json_.contains(key) && json_[key] == true)
        fail(ErrorKind::kUnsupported, "{}: {} true cannot be applied; merge the adapter into its base with PEFT", path,
             key);
    }
    if (json_.contains("bias") && json_["bias"].is_string() && json_["bias"] != "none") {
      fail(ErrorKind::kUnsupported,
           "{}: bias {} cannot be applied, none can; merge the adapter into its base with PEFT", path,
           excerpt(json_["bias"].dump()));
    }
    alpha_ = number("lora_alpha");
    rslora_ = json_.contains("use_rslora") && json_["use_rslora"] == true;
    for (const char* key : {"alpha_pattern", "rank_pattern"}) {
      if (json_.contains(key) && !json_[key].is_object() && !json_[key].is_null()) {
        fail(ErrorKind::kCorruptFile, "{}: {} is {}, expected an object; copy the adapter again", path, key,
             excerpt(json_[key].dump()));
      }
    }
  }

  // `module` without ".weight", `rank` as the tensors have it.
  double scale(const std::string& module, uint64_t rank) const {
    double alpha = alpha_;
    if (json_.contains("alpha_pattern") && json_["alpha_pattern"].is_object()) {
      for (const auto& [pattern, value] : json_["alpha_pattern"].items()) {
        if (!matches(pattern, module)) continue;
        if (!value.is_number())
          fail(ErrorKind::kCorruptFile, "{}: alpha_pattern {} is {}, expected a number; copy the adapter again", path_,
               excerpt(pattern), excerpt(value.dump()));
        alpha = value.get<double>();
        break;
      }
    }
    const auto r = static_cast<double>(rank);
    return alpha / (rslora_ ? std::sqrt(r) : r);
  }

  bool use_rslora() const { return rslora_; }
  double dropout() const { return json_.contains("lora_dropout") ? number("lora_dropout") : 0; }

 private:
  double number(const char* key) const {
    if (!json_.contains(key) || !json_[key].is_number() || !std::isfinite(json_[key].get<double>())) {
      fail(ErrorKind::kCorruptFile, "{}: \"{}\" is {}, expected a number; copy the adapter again", path_, key,
           json_.contains(key) ? excerpt(json_[key].dump()) : "missing");
    }
    return json_[key].get<double>();
  }

  // PEFT matches a pattern against the end of a module's name, behind a dot. Patterns are names in practice; anything
  // else is refused.
  bool matches(const std::string& pattern, const std::string& module) const {
    if (pattern.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") !=
        std::string::npos) {
      fail(ErrorKind::kUnsupported,
           "{}: alpha_pattern \"{}\" is a regular expression, names are understood; merge the adapter into its base "
           "with PEFT",
           path_, excerpt(pattern));
    }
    return module == pattern || module.ends_with("." + pattern);
  }

  std::string path_;
  Json json_;
  double alpha_ = 0;
  bool rslora_ = false;
};

}  // namespace

AdapterFolder read_adapter_folder(const std::string& folder) {
  const AdapterConfig config(required_file(folder, "adapter_config.json"));
  const MappedFile mapped(required_file(folder, "adapter_model.safetensors"));
  const Safetensors file(mapped.bytes(), mapped.path());
  AdapterFolder adapter{.use_rslora = config.use_rslora(), .dropout = config.dropout()};
  auto& pairs = adapter.pairs;
  for (const TensorInfo& tensor : file.tensors()) {
    std::string_view name = tensor.name;
    const bool is_down = name.ends_with(kDown), is_up = name.ends_with(kUp);
    if (!name.starts_with(kPrefix) || (!is_down && !is_up)) {
      fail(ErrorKind::kUnsupported,
           "{}: tensor \"{}\" is no LoRA matrix of a linear layer (base_model.model.….lora_A.weight or lora_B.weight); "
           "merge the adapter into its base with PEFT",
           file.source(), excerpt(tensor.name));
    }
    if (tensor.shape.size() != 2 || tensor.num_elements() == 0) {
      fail(ErrorKind::kCorruptFile, "{}: tensor \"{}\" has shape {}, expected a matrix; copy the adapter again",
           file.source(), excerpt(tensor.name), shape_text(tensor.shape));
    }
    name.remove_prefix(kPrefix.size());
    name.remove_suffix(is_down ? kDown.size() : kUp.size());
    LoraPair& pair = pairs[std::string(name)];
    std::vector<float> values = file.read_f32(tensor);
    for (const float value : values) {
      if (!std::isfinite(value))
        fail(ErrorKind::kCorruptFile,
             "{}: tensor \"{}\" holds {}; the adapter's training failed, or the file is damaged", file.source(),
             excerpt(tensor.name), value);
    }
    const uint64_t rank = tensor.shape[is_down ? 0 : 1];
    if (pair.rank != 0 && pair.rank != rank) {
      fail(ErrorKind::kCorruptFile, "{}: lora_A and lora_B of \"{}\" have ranks {} and {}; copy the adapter again",
           file.source(), excerpt(name), pair.rank, rank);
    }
    pair.rank = rank;
    (is_down ? pair.inputs : pair.outputs) = tensor.shape[is_down ? 1 : 0];
    (is_down ? pair.down : pair.up) = std::move(values);
  }
  for (auto& [module, pair] : pairs) {
    if (pair.down.empty() || pair.up.empty()) {
      fail(ErrorKind::kCorruptFile, "{}: \"{}\" has only one of lora_A and lora_B; copy the adapter again",
           file.source(), excerpt(module));
    }
    pair.scale = config.scale(module, pair.rank);
  }
  if (pairs.empty()) fail(ErrorKind::kCorruptFile, "{}: no tensors; copy the adapter again", file.source());
  return adapter;
}

}  // namespace manyshot
