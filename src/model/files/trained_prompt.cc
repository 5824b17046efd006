#include "model/files/trained_prompt.h"

#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxBytes = 1 << 16;

std::string file_in(const std::string& folder) { return (fs::path(folder) / "manyshot_prompt.json").string(); }

// The one of `values` that the key names.
template <NamedEnum E>
E read_value(const Json& json, const char* key, std::initializer_list<E> values, const std::string& file) {
  const auto found = json.find(key);
  const std::string name = found != json.end() && found->is_string() ? found->get<std::string>() : "";
  std::vector<std::string_view> names;
  for (const E value : values) {
    if (name_of(value) == name) return value;
    names.push_back(name_of(value));
  }
  fail(ErrorKind::kCorruptFile, "{}: \"{}\" is \"{}\"; there are {}", file, key, excerpt(name), fmt::join(names, ", "));
}

}  // namespace

std::optional<TrainedPrompt> read_trained_prompt(const std::string& folder) {
  const std::string file = file_in(folder);
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  const Json json = Json::parse(read_file(file, kMaxBytes), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail(ErrorKind::kCorruptFile, "{}: holds no JSON object", file);
  return TrainedPrompt{.format = read_value(json, "format", {PromptStyle::kConcat, PromptStyle::kTabllm}, file),
                       .chat = read_value(json, "chat", kPromptWrappings, file)};
}

void write_trained_prompt(const TrainedPrompt& prompt, const std::string& folder) {
  write_file(file_in(folder), Json{{"format", name_of(prompt.format)}, {"chat", name_of(prompt.chat)}}.dump(2) + "\n");
}

}  // namespace manyshot
