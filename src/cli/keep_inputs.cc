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

constexpr std::string_view kOutputs[] = {"out", "report", "gallery"};
constexpr std::string_view kInputs[] = {"train",   "test",      "fit",        "append", "in",
                                        "table",   "model",     "memory",     "models", "tables",
                                        "adapter", "knowledge", "perplexity", "config", "exclude"};

template <size_t N>
bool is_among(std::string_view name, const std::string_view (&names)[N]) {
  return std::ranges::find(names, name) != std::end(names);
}

// A path that an option names.
struct GivenPath {
  std::string flag, path;
};

// The paths that the options with one of these names give.
template <size_t N>
std::vector<GivenPath> given_paths(const OptionList& list, const std::string_view (&names)[N]) {
  std::vector<GivenPath> paths;
  for (const Option& option : list) {
    if (!is_among(option.name, names)) continue;
    const Json value = option.get();
    for (const Json& entry : value.is_array() ? value : Json::array({value})) {
      if (entry.is_string() && entry != "") paths.push_back({option.flag, entry});
    }
  }
  return paths;
}

// Where an input stands: a model may be named.
fs::path place_of(const GivenPath& input) {
  std::error_code error;
  const bool may_be_name = input.flag.starts_with("--model") && !fs::exists(input.path, error);
  return may_be_name ? fs::path(models_folder()) / input.path : fs::path(input.path);
}

bool is_inside(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path inner = fs::canonical(file, error), outer = fs::canonical(folder, error);
  return !error && std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// What `out` is to the input that stands at `place`, where writing it would change the input; else "".
std::string conflict(const fs::path& out, const GivenPath& input, const fs::path& place) {
  std::error_code error;
  const bool is_file = fs::is_regular_file(out, error);
  if (!is_file && !fs::is_directory(out, error)) return "";  // new, a pipe, /dev/stdout
  if (fs::equivalent(out, place, error)) return fmt::format("this is what {} reads", input.flag);
  if (is_file && fs::is_directory(place, error) && is_inside(out, place)) {
    return fmt::format("this is part of what {} reads ({})", input.flag, input.path);
  }
  return "";
}

}  // namespace

void keep_inputs(const OptionList& list) {
  const std::vector<GivenPath> inputs = given_paths(list, kInputs);
  for (const GivenPath& output : given_paths(list, kOutputs)) {
    for (const GivenPath& input : inputs) {
      const std::string reason = conflict(output.path, input, place_of(input));
      if (reason.empty()) continue;
      fail(ErrorKind::kBadInput, "{} {}: {}, which would be overwritten; give another place", output.flag, output.path,
           reason);
    }
  }
}

}  // namespace manyshot
