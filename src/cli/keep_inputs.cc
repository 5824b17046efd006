#include "cli/keep_inputs.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOutputs[] = {"out", "report"};
constexpr std::string_view kInputs[] = {"train",  "test",    "in",        "table",      "model",  "models",
                                        "tables", "adapter", "knowledge", "perplexity", "config", "exclude"};

template <size_t N>
bool is_among(std::string_view name, const std::string_view (&names)[N]) {
  return std::ranges::find(names, name) != std::end(names);
}

// The paths that an option names: none where it is not given.
std::vector<std::string> paths_of(const Option& option) {
  const Json value = option.get();
  std::vector<std::string> paths;
  if (value.is_string()) paths.push_back(value);
  if (value.is_array()) {
    for (const Json& entry : value) {
      if (entry.is_string()) paths.push_back(entry);
    }
  }
  std::erase(paths, "");
  return paths;
}

// Where an input stands: a model may be named.
fs::path input_path(const Option& option, const std::string& given) {
  std::error_code error;
  const bool may_be_name = option.name.starts_with("model") && !fs::exists(given, error);
  return may_be_name ? fs::path(models_folder()) / given : fs::path(given);
}

bool is_inside(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path inner = fs::canonical(file, error), outer = fs::canonical(folder, error);
  return !error && std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// Whether writing `out` would change what is read at `input`.
bool would_destroy(const fs::path& out, const fs::path& input) {
  std::error_code error;
  if (!fs::is_regular_file(out, error) && !fs::is_directory(out, error)) return false;  // new, a pipe, /dev/stdout
  if (fs::equivalent(out, input, error)) return true;
  return fs::is_directory(input, error) && fs::is_regular_file(out, error) && is_inside(out, input);
}

}  // namespace

void keep_inputs(const OptionList& list) {
  for (const Option& output : list) {
    if (!is_among(output.name, kOutputs)) continue;
    for (const std::string& out : paths_of(output)) {
      for (const Option& input : list) {
        if (!is_among(input.name, kInputs)) continue;
        for (const std::string& given : paths_of(input)) {
          const fs::path path = input_path(input, given);
          if (!would_destroy(out, path)) continue;
          std::error_code error;
          const bool same = fs::equivalent(out, path, error);
          fail(ErrorKind::kBadInput, "{} {}: {} {} {}, which would be overwritten; give another place", output.flag,
               out, same ? "this is what" : "this is part of what", input.flag,
               same ? "reads" : "reads (" + given + ")");
        }
      }
    }
  }
}

}  // namespace manyshot
