#include "predict/model_store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/error.h"
#include "core/library.h"
#include "core/text.h"
#include "model/files/other_kinds.h"
#include "model/language/text_model.h"

namespace manyshot {
namespace fs = std::filesystem;

std::string models_folder() {
  if (const char* folder = std::getenv("MANYSHOT_MODELS"); folder != nullptr && *folder != '\0') return folder;
  return (fs::path(library_folder()).parent_path() / "share" / "manyshot" / "models").string();
}

std::vector<std::string> installed_models() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(models_folder(), error)) {
    if (entry.is_directory(error)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string resolve_model(const std::string& name, const std::vector<std::string>& other_names) {
  std::vector<std::string> names = installed_models();
  if (std::find(names.begin(), names.end(), name) != names.end()) return (fs::path(models_folder()) / name).string();
  std::error_code error;
  if (name.find('/') != std::string::npos || fs::exists(name, error)) return name;
  names.insert(names.end(), other_names.begin(), other_names.end());
  fail(ErrorKind::kNotFound, "no model \"{}\"{}; known: {}; or give a model folder", name, did_you_mean(name, names),
       list_names(names, /*limit=*/20));
}

std::string adapter_of(const std::string& path, const std::string& asked) {
  if (asked == kNoAdapter) return "";
  if (!asked.empty()) return asked;
  const std::string beside = (fs::path(path) / "adapter").string();
  return is_adapter_folder(beside) && language_model_path(path) ? beside : "";
}

}  // namespace manyshot
