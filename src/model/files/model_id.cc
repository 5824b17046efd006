#include "model/files/model_id.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "model/files/gguf.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxConfigBytes = 64 << 20;

// ".../models--OWNER--NAME/snapshots/COMMIT"
std::string id_of_cache(const std::string& path) {
  constexpr std::string_view kPrefix = "models--", kBetween = "--";
  std::error_code error;
  for (const fs::path& part : fs::absolute(path, error)) {
    const std::string folder = part.string();
    const size_t between = folder.find(kBetween, kPrefix.size());
    if (!folder.starts_with(kPrefix) || between == std::string::npos) continue;
    const std::string id =
        folder.substr(kPrefix.size(), between - kPrefix.size()) + "/" + folder.substr(between + kBetween.size());
    if (is_model_id(id)) return id;
  }
  return "";
}

std::string id_of_config(const std::string& path) {
  const std::string config = (fs::path(path) / "config.json").string();
  std::error_code error;
  if (!fs::exists(config, error)) return "";
  const Json json = Json::parse(read_file(config, kMaxConfigBytes), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("_name_or_path") || !json["_name_or_path"].is_string()) return "";
  const std::string name = json["_name_or_path"];
  return is_model_id(name) ? name : "";
}

std::string id_of_gguf(const std::string& path) {
  const MappedFile mapped(path);
  const GgufFile file(mapped.bytes(), path);
  for (const char* key :
       {"general.source.huggingface.repository", "general.source.repo_url", "general.base_model.0.repo_url"}) {
    std::string_view name = file.find_text(key).value_or("");
    constexpr std::string_view kScheme = "https://";
    if (name.starts_with(kScheme)) {  // the id is the path behind the host
      const size_t slash = name.find('/', kScheme.size());
      name.remove_prefix(slash == std::string_view::npos ? name.size() : slash + 1);
    }
    if (is_model_id(name)) return std::string(name);
  }
  return "";
}

}  // namespace

bool is_model_id(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return false;
  const auto is_part = [](std::string_view part) {
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
             c == '.';
    };
    return part.front() != '.' && std::ranges::all_of(part, fits);
  };
  return is_part(text.substr(0, slash)) && is_part(text.substr(slash + 1));
}

std::string model_id(const std::string& path) {
  const std::string cached = id_of_cache(path);
  if (!cached.empty()) return cached;
  return path.ends_with(".gguf") ? id_of_gguf(path) : id_of_config(path);
}

}  // namespace manyshot
