#include "lab/world/json_fields.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

std::string shown(const Json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

bool is_count(const Json& value, uint64_t most) { return value.is_number_unsigned() && value.get<uint64_t>() <= most; }

}  // namespace

Json parse_json(std::string_view text, const std::string& place, ErrorKind kind) {
  constexpr int kMostLevels = 50;
  const auto check_depth = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kMostLevels) fail(kind, "{}: lists or objects stand {} deep in one another", place, depth);
    return true;
  };
  Json json = Json::parse(text, check_depth, /*allow_exceptions=*/false);
  if (json.is_discarded()) fail(kind, "{}: this is no JSON: {}", place, excerpt(text));
  return json;
}

void visit_json_lines(std::string_view text, const std::string& path, ErrorKind kind,
                      const std::function<void(const JsonFields&)>& visit) {
  for (uint64_t line = 1; !text.empty(); ++line) {
    const std::string_view content = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(content.size() + 1, text.size()));
    if (content.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = fmt::format("{}:{}", path, line);
    const Json json = parse_json(content, place, kind);
    visit(JsonFields(json, place));
  }
}

JsonFields::JsonFields(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object.is_object()) fail(ErrorKind::kCorruptFile, "{}: expected an object, found {}", place_, shown(object));
}

std::string JsonFields::text(const char* name) const {
  const Json& value = member(name);
  if (!value.is_string()) refuse(name, "a text");
  return value.get<std::string>();
}

bool JsonFields::flag_or(const char* name, bool otherwise) const {
  if (!has(name)) return otherwise;
  const Json& value = member(name);
  if (!value.is_boolean()) refuse(name, "true or false");
  return value.get<bool>();
}

uint64_t JsonFields::count(const char* name) const {
  const Json& value = member(name);
  if (!is_count(value, std::numeric_limits<uint64_t>::max())) refuse(name, "a whole number of at least 0");
  return value.get<uint64_t>();
}

std::vector<std::string> JsonFields::texts(const char* name) const {
  const Json& value = member(name);
  if (!value.is_array()) refuse(name, "a list of texts");
  std::vector<std::string> entries;
  for (const Json& entry : value) {
    if (!entry.is_string()) refuse(name, "a list of texts");
    entries.push_back(entry.get<std::string>());
  }
  return entries;
}

std::vector<uint32_t> JsonFields::counts(const char* name) const {
  const Json& value = member(name);
  if (!value.is_array()) refuse(name, "a list of whole numbers");
  std::vector<uint32_t> entries;
  for (const Json& entry : value) {
    if (!is_count(entry, std::numeric_limits<uint32_t>::max())) refuse(name, "a list of whole numbers");
    entries.push_back(entry.get<uint32_t>());
  }
  return entries;
}

const Json& JsonFields::object(const char* name) const {
  const Json& value = member(name);
  if (!value.is_object()) refuse(name, "an object");
  return value;
}

std::vector<JsonFields> JsonFields::objects(const char* name) const {
  const Json& value = member(name);
  if (!value.is_array()) refuse(name, "a list of objects");
  std::vector<JsonFields> entries;
  for (size_t entry = 0; entry < value.size(); ++entry) {
    entries.emplace_back(value[entry], fmt::format("{}: {}[{}]", place_, name, entry));
  }
  return entries;
}

const Json& JsonFields::member(const char* name) const {
  const auto found = object_.find(name);
  if (found == object_.end()) fail(ErrorKind::kCorruptFile, "{}: there is no \"{}\"", place_, name);
  return *found;
}

void JsonFields::refuse(const char* name, const char* expected) const {
  fail(ErrorKind::kCorruptFile, "{}: \"{}\" is {}, expected {}", place_, name, shown(member(name)), expected);
}

}  // namespace manyshot::lab
