#include "model/files/adapter_folder.h"

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "model/files/other_kinds.h"
#include "model/files/safetensors.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kDown = ".lora_A.weight", kUp = ".lora_B.weight";

std::string required_file(const std::string& folder, const char* name) {
  const std::string path = (fs::path(folder) / name).string();
  std::error_code error;
  if (!fs::exists(path, error)) {
    refuse_other_adapters(folder);
    fail(ErrorKind::kNotFound,
         "{}: no {} in this folder; an adapter is a folder with adapter_config.json and adapter_model.safetensors, as "
         "PEFT writes it",
         folder, name);
  }
  return path;
}

std::vector<float> read_factor(const Safetensors& file, const TensorInfo& tensor) {
  std::vector<float> values = file.read_f32(tensor);
  for (const float value : values) {
    if (!std::isfinite(value))
      fail(ErrorKind::kCorruptFile, "{}: tensor \"{}\" holds {}; the adapter's training failed, or the file is damaged",
           file.source(), excerpt(tensor.name), value);
  }
  return values;
}

enum class Parts { kShapes, kAll };

void add_factor(const Safetensors& file, const TensorInfo& tensor, Parts parts, AdapterFolder& adapter) {
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
  LoraPair& pair = adapter.pairs[std::string(name)];
  const uint64_t rank = tensor.shape[is_down ? 0 : 1];
  if (pair.rank != 0 && pair.rank != rank) {
    fail(ErrorKind::kCorruptFile, "{}: lora_A and lora_B of \"{}\" have ranks {} and {}; copy the adapter again",
         file.source(), excerpt(name), is_down ? rank : pair.rank, is_down ? pair.rank : rank);
  }
  pair.rank = rank;
  (is_down ? pair.inputs : pair.outputs) = tensor.shape[is_down ? 1 : 0];
  if (parts == Parts::kAll) (is_down ? pair.down : pair.up) = read_factor(file, tensor);
}

// Leaves out what the configuration does not target, and gives the others their scales.
void follow_config(const AdapterConfig& config, const std::string& config_path, const std::string& weights_path,
                   AdapterFolder& adapter) {
  for (auto entry = adapter.pairs.begin(); entry != adapter.pairs.end();) {
    auto& [module, pair] = *entry;
    if (!config.targets(module)) {
      adapter.unused.push_back(module);
      entry = adapter.pairs.erase(entry);
      continue;
    }
    if (const uint64_t rank = config.rank(module); rank != pair.rank) {
      fail(ErrorKind::kCorruptFile,
           "{}: r (or rank_pattern) says rank {} for \"{}\", its weights have rank {}; the two files do not belong "
           "together: copy both again",
           config_path, rank, excerpt(module), pair.rank);
    }
    pair.scale = config.scale(module);
    ++entry;
  }
  if (adapter.pairs.empty()) {
    fail(ErrorKind::kCorruptFile,
         "{}: target_modules and layers_to_transform choose none of the {} modules that {} changes (such as \"{}\"); "
         "the two files do not belong together: copy both again",
         config_path, adapter.unused.size(), weights_path, excerpt(adapter.unused.front()));
  }
}

AdapterFolder read_adapter(const std::string& folder, Parts parts) {
  const std::string config_path = required_file(folder, "adapter_config.json");
  const AdapterConfig config(config_path);
  const MappedFile mapped(required_file(folder, "adapter_model.safetensors"));
  const Safetensors file(mapped.bytes(), mapped.path());
  AdapterFolder adapter{.start = config.start(),
                        .use_rslora = config.use_rslora(),
                        .dropout = config.dropout(),
                        .base_name = config.base_name()};
  for (const TensorInfo& tensor : file.tensors()) add_factor(file, tensor, parts, adapter);
  for (const auto& [module, pair] : adapter.pairs) {
    if (pair.inputs == 0 || pair.outputs == 0) {
      fail(ErrorKind::kCorruptFile, "{}: \"{}\" has only one of lora_A and lora_B; copy the adapter again",
           file.source(), excerpt(module));
    }
  }
  if (adapter.pairs.empty()) fail(ErrorKind::kCorruptFile, "{}: no tensors; copy the adapter again", file.source());
  follow_config(config, config_path, file.source(), adapter);
  return adapter;
}

}  // namespace

AdapterFolder read_adapter_folder(const std::string& folder) { return read_adapter(folder, Parts::kAll); }
AdapterFolder read_adapter_shapes(const std::string& folder) { return read_adapter(folder, Parts::kShapes); }

std::string note_of_unused(const AdapterFolder& adapter) {
  if (adapter.unused.empty()) return "";
  return fmt::format(
      "the factors of {} of {} modules are left out (first \"{}\"): target_modules, exclude_modules and "
      "layers_to_transform of adapter_config.json do not choose them, and PEFT does not load them either",
      adapter.unused.size(), adapter.unused.size() + adapter.pairs.size(), excerpt(adapter.unused.front()));
}

}  // namespace manyshot
