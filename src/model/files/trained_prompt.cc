#include "model/files/trained_prompt.h"

#include <algorithm>
#include <filesystem>
#include <initializer_list>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxBytes = 1 << 16;

std::string file_in(const std::string& folder) { return (fs::path(folder) / "manyshot_prompt.json").string(); }

std::string read_name(const Json& json, const char* key, std::initializer_list<const char*> names,
                      const std::string& file) {
  const auto found = json.find(key);
  const std::string name = found != json.end() && found->is_string() ? found->get<std::string>() : "";
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail(ErrorKind::kCorruptFile, "{}: \"{}\" is \"{}\"; there are {}", file, key, excerpt(name),
         fmt::join(names, ", "));
  }
  return name;
}

}  // namespace

std::optional<TrainedPrompt> read_trained_prompt(const std::string& folder) {
  const std::string file = file_in(folder);
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  const Json json = Json::parse(read_file(file, kMaxBytes), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail(ErrorKind::kCorruptFile, "{}: holds no JSON object", file);
  return TrainedPrompt{.format = read_name(json, "format", {"concat", "tabllm"}, file),
                       .chat = read_name(json, "chat", {"raw", "chatml", "trained"}, file)};
}

void write_trained_prompt(const TrainedPrompt& prompt, const std::string& folder) {
  write_file(file_in(folder), Json{{"format", prompt.format}, {"chat", prompt.chat}}.dump(2) + "\n");
}

}  // namespace manyshot
