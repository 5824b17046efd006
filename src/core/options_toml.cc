// The one place that sees the TOML library.
#include <toml++/toml.h>

#include <algorithm>
#include <span>

#include "core/error.h"
#include "core/files.h"
#include "core/options.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{16} << 20;

struct Place {
  const std::string& path;
  toml::source_position position;

  // Adds path:line:column before a message.
  [[noreturn]] void fail_here(ErrorKind kind, std::string_view message) const {
    fail(kind, "{}:{}:{}: {}", path, position.line, position.column, message);
  }
};

Json to_json(const toml::node& node, const std::string& path) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* array = node.as_array()) {
    Json values = Json::array();
    for (const toml::node& entry : *array) values.push_back(to_json(entry, path));
    return values;
  }
  Place{path, node.source().begin}.fail_here(
      ErrorKind::kBadInput, node.is_table() ? "a table cannot stand here; give a value"
                                            : "dates and times are not understood; put the value into quotes");
}

bool has_option(const OptionList& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Option& option) { return option.name == name || option.limits.older_name == name; });
}

// Adds the places of the options it sets to `places`.
void set_from_table(const OptionList& list, const toml::table& table, const std::string& section,
                    const std::string& path, OptionPlaces& places) {
  for (const auto& [key, node] : table) {
    const std::string name = section + std::string(key.str());
    const bool is_option = has_option(list, name);
    if (node.is_table() && !is_option) {
      set_from_table(list, *node.as_table(), name + ".", path, places);
      continue;
    }
    const Json value = is_option ? to_json(node, path) : Json();
    try {
      const Option& option = find_option(list, name);
      option.set_json(value);
      const toml::source_position at = node.source().begin;
      places[option.name] = fmt::format("{}:{}:{}: {}", path, at.line, at.column, option.flag);
    } catch (const Error& error) {
      Place{path, (is_option ? node.source() : key.source()).begin}.fail_here(error.kind(), error.what());
    }
  }
}

toml::table parse(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    Place{path, error.source().begin}.fail_here(ErrorKind::kCorruptFile, error.description());
  }
}

// Sets the tables of that name and takes them out of `root`. Returns the places of each one's options.
std::vector<OptionPlaces> take_repeated(const RepeatedTable& repeated, toml::table& root, const std::string& path) {
  const toml::node* node = root.get(repeated.name);
  if (node == nullptr) return {};
  if (!node->is_array_of_tables()) {
    Place{path, node->source().begin}.fail_here(
        ErrorKind::kBadInput, fmt::format("\"{0}\" may come several times: write [[{0}]]", repeated.name));
  }
  std::vector<OptionPlaces> places;
  for (const toml::node& table : *node->as_array()) {
    set_from_table(repeated.next(), *table.as_table(), "", path, places.emplace_back());
  }
  root.erase(repeated.name);
  return places;
}

}  // namespace

OptionPlaces read_toml(const OptionList& list, const std::string& path) {
  return set_from_toml(list, read_file(path, kMaxConfigBytes), path);
}

OptionPlaces set_from_toml(const OptionList& list, std::string_view text, const std::string& path) {
  OptionPlaces places;
  set_from_table(list, parse(text, path), "", path, places);
  return places;
}

RepeatedPlaces set_from_toml(const OptionList& list, const RepeatedTable& repeated, std::string_view text,
                             const std::string& path) {
  toml::table root = parse(text, path);
  RepeatedPlaces places{.file = {}, .tables = take_repeated(repeated, root, path)};
  for (const auto& [key, node] : root) {
    const std::string name(key.str());
    const std::string suggestion = did_you_mean(name, std::span(&repeated.name, 1));
    if (!node.is_array_of_tables() || has_option(list, name) || suggestion.empty()) continue;
    Place{path, key.source().begin}.fail_here(ErrorKind::kBadInput,
                                              fmt::format("unknown table \"{}\"{}", excerpt(name), suggestion));
  }
  set_from_table(list, root, "", path, places.file);
  return places;
}

}  // namespace manyshot
