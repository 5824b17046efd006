#include "evaluate/endpoint/response_cache.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    fail(ErrorKind::kBadInput, "{}: cannot make this folder for responses ({}); choose another --response-cache",
         path.string(), error.message());
  }
}

}  // namespace

ResponseCache::ResponseCache(std::string folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) make_folder(folder_);
}

std::string ResponseCache::path(std::string_view url, const Json& body) const {
  // A generator's name is 128 bits of its path, the same on every machine.
  const Rng name = Rng(0).child(url).child(body.dump());
  const std::string hash = fmt::format("{:016x}{:016x}", name.bits(0), name.bits(1));
  return (fs::path(folder_) / hash.substr(0, 2) / (hash + ".json")).string();
}

std::optional<Json> ResponseCache::find(std::string_view url, const Json& body) const {
  if (folder_.empty()) return std::nullopt;
  const std::string file = path(url, body);
  if (std::error_code error; !fs::exists(file, error)) return std::nullopt;
  Json kept = Json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!kept.is_object() || !kept.contains("response") || kept.value("url", "") != url || kept["request"] != body) {
    return std::nullopt;
  }
  return std::move(kept["response"]);
}

void ResponseCache::keep(std::string_view url, const Json& body, const Json& response) const {
  if (folder_.empty()) return;
  const std::string file = path(url, body);
  make_folder(fs::path(file).parent_path());
  const Json kept = {{"url", url}, {"request", body}, {"response", response}};
  write_file(file, kept.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace manyshot
