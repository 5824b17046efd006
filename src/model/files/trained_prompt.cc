#include "model/files/trained_prompt.h"

#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "encoding/text/cell_text.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxBytes = 1 << 16;
constexpr int kMaxSize = 100'000'000;

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

int read_number(const Json& json, const char* key, int most, const std::string& file) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer() || *found < 1 || *found > most)
    fail(ErrorKind::kCorruptFile, "{}: \"{}\" is no number from 1 to {}", file, key, most);
  return found->get<int>();
}

}  // namespace

Json to_json(const TrainedPrompt& prompt) {
  Json json{{"format", name_of(prompt.format)}, {"chat", name_of(prompt.chat)}};
  if (prompt.digits) json["digits"] = *prompt.digits;
  if (prompt.columns) json["columns"] = *prompt.columns;
  if (prompt.tokens) json["tokens"] = *prompt.tokens;
  return json;
}

std::string describe(const TrainedPrompt& prompt) {
  std::string text = fmt::format("format {}, chat {}", name_of(prompt.format), name_of(prompt.chat));
  if (prompt.columns) text += fmt::format(", up to {} columns", *prompt.columns);
  if (prompt.tokens) {
    text += fmt::format("{} {} tokens of labelled rows", prompt.columns ? " and" : ", up to",
                        with_thousands(*prompt.tokens));
  }
  return text;
}

std::optional<TrainedPrompt> read_trained_prompt(const std::string& folder) {
  const std::string file = file_in(folder);
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  const Json json = Json::parse(read_file(file, kMaxBytes), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail(ErrorKind::kCorruptFile, "{}: holds no JSON object", file);
  TrainedPrompt prompt{
      .format = read_value(json, "format", {PromptStyle::kConcat, PromptStyle::kTabllm, PromptStyle::kLines}, file),
      .chat = read_value(json, "chat", kPromptWrappings, file)};
  if (prompt.format == PromptStyle::kLines) prompt.digits = read_number(json, "digits", kPaperDigits, file);
  if (json.contains("columns")) prompt.columns = read_number(json, "columns", kMaxSize, file);
  if (json.contains("tokens")) prompt.tokens = read_number(json, "tokens", kMaxSize, file);
  return prompt;
}

void write_trained_prompt(const TrainedPrompt& prompt, const std::string& folder) {
  write_file(file_in(folder), to_json(prompt).dump(2) + "\n");
}

}  // namespace manyshot
