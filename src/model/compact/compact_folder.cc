#include "model/compact/compact_folder.h"

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "model/files/safetensors.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;

std::string required_file(const std::string& folder, const char* name) {
  std::error_code code;
  if (!fs::exists(folder, code)) fail(ErrorKind::kNotFound, "{}: no such model folder", folder);
  if (!fs::is_directory(folder, code)) {
    fail(ErrorKind::kNotFound, "{}: a model is a folder with config.json and model.safetensors, this is a file",
         folder);
  }
  const std::string path = (fs::path(folder) / name).string();
  if (!fs::exists(path, code)) {
    fail(ErrorKind::kNotFound,
         "{}: no {} in this folder; a model has config.json and model.safetensors: check the path", folder, name);
  }
  return path;
}

}  // namespace

CompactFolder read_compact_folder(const std::string& folder) {
  const std::string config_path = required_file(folder, "config.json");
  ModelConfig config = parse_model_config(read_file(config_path), config_path);
  const MappedFile mapped(required_file(folder, "model.safetensors"));
  Weights weights = read_weights(Safetensors(mapped.bytes(), mapped.path()), config);
  return {std::move(config), std::move(weights)};
}

}  // namespace manyshot
