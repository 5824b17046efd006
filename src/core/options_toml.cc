// The one place that sees the TOML library.
#include <toml++/toml.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/options.h"

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

void set_from_table(const OptionList& list, const toml::table& table, const std::string& section,
                    const std::string& path) {
  for (const auto& [key, node] : table) {
    const std::string name = section + std::string(key.str());
    const bool is_option =
        std::any_of(list.begin(), list.end(), [&](const Option& option) { return option.name == name; });
    if (node.is_table() && !is_option) {
      set_from_table(list, *node.as_table(), name + ".", path);
      continue;
    }
    const Json value = is_option ? to_json(node, path) : Json();
    try {
      find_option(list, name).set_json(value);
    } catch (const Error& error) {
      Place{path, (is_option ? node.source() : key.source()).begin}.fail_here(error.kind(), error.what());
    }
  }
}

}  // namespace

void read_toml(const OptionList& list, const std::string& path) {
  set_from_toml(list, read_file(path, kMaxConfigBytes), path);
}

void set_from_toml(const OptionList& list, std::string_view text, const std::string& path) {
  try {
    set_from_table(list, toml::parse(text, path), "", path);
  } catch (const toml::parse_error& error) {
    Place{path, error.source().begin}.fail_here(ErrorKind::kCorruptFile, error.description());
  }
}

}  // namespace manyshot
