#include "train/models/open_model.h"

#include <filesystem>

#include "core/files.h"
#include "model/files/config_json.h"
#include "model/language/text_model.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

// Whether a config.json, or that of a folder, is of a language model.
bool is_language_config(const std::string& path) {
  const std::string file = fs::is_directory(path) ? (fs::path(path) / "config.json").string() : path;
  return !parse_config_json(read_file(file), file).contains("manyshot");
}

}  // namespace

uint64_t RunModel::num_trained() {
  uint64_t values = 0;
  for (const Parameter& parameter : network().parameters()) values += parameter.value.size();
  return values;
}

std::unique_ptr<RunModel> open_run_model(const Recipe& recipe, const Device& device) {
  const ModelRecipe& model = recipe.model;
  const bool is_language = model.is_fresh() ? !model.config.empty() && is_language_config(model.config)
                                            : language_model_path(model.base).has_value();
  if (!is_language) return make_compact_run_model(recipe, device);
  return make_language_run_model(recipe, device);
}

}  // namespace manyshot::train
