#include "model/compact/compact_folder.h"

#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "kernels/bfloat16.h"
#include "model/files/other_kinds.h"
#include "model/files/safetensors.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;

std::string required_file(const std::string& folder, const char* name) {
  std::error_code code;
  if (!fs::exists(folder, code)) fail(ErrorKind::kNotFound, "{}: no such model folder", folder);
  const std::string path = (fs::path(folder) / name).string();
  if (!fs::exists(path, code)) refuse_other_models(folder);
  if (!fs::is_directory(folder, code)) {
    fail(ErrorKind::kNotFound, "{}: a model is a folder with config.json and model.safetensors, this is a file",
         folder);
  }
  if (!fs::exists(path, code)) {
    fail(ErrorKind::kNotFound,
         "{}: no {} in this folder; a model has config.json and model.safetensors: check the path", folder, name);
  }
  return path;
}

// Tensors under their names; keeps the bytes they are written from.
class TensorList {
 public:
  explicit TensorList(DType dtype) : is_bf16_(dtype == DType::kBFloat16) {}

  void add(std::string name, const std::vector<float>& values, std::vector<uint64_t> shape) {
    const bool is_rounded = is_bf16_ && shape.size() > 1;
    if (is_rounded) rounded_.emplace_back(values.begin(), values.end());
    tensors_.push_back({std::move(name), is_rounded ? TensorType::kBF16 : TensorType::kF32, std::move(shape),
                        is_rounded ? std::as_bytes(std::span(rounded_.back())) : std::as_bytes(std::span(values))});
  }
  std::string bytes() const { return write_safetensors(tensors_); }

 private:
  bool is_bf16_;
  std::vector<NamedTensor> tensors_;
  std::vector<std::vector<kernels::BFloat16>>
      rounded_;  // moving the outer vector's elements keeps their bytes in place
};

}  // namespace

CompactFolder read_compact_folder(const std::string& folder) {
  const std::string config_path = required_file(folder, "config.json");
  ModelConfig config = parse_model_config(read_file(config_path), config_path);
  const MappedFile mapped(required_file(folder, "model.safetensors"));
  Weights weights = read_weights(Safetensors(mapped.bytes(), mapped.path()), config);
  return {std::move(config), std::move(weights)};
}

void write_compact_folder(const std::string& folder, const ModelConfig& config, const Weights& weights, DType dtype) {
  TensorList tensors(dtype);
  for_each_tensor(config, weights,
                  [&](std::string name, const std::vector<float>& values, std::vector<uint64_t> shape) {
                    tensors.add(std::move(name), values, std::move(shape));
                  });
  fs::create_directories(folder);
  write_file((fs::path(folder) / "model.safetensors").string(), tensors.bytes());
  write_file((fs::path(folder) / "config.json").string(), model_config_json(config, dtype));
}

}  // namespace manyshot
