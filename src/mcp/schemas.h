// Short words for the JSON Schemas of tools.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace manyshot::mcp::schema {

inline Json typed(Json type, const std::string& description) {
  Json schema{{"type", std::move(type)}};
  if (!description.empty()) schema["description"] = description;
  return schema;
}
inline Json text(const std::string& description = "") { return typed("string", description); }
inline Json number(const std::string& description = "") { return typed("number", description); }
inline Json flag(const std::string& description = "") { return typed("boolean", description); }
inline Json whole(const std::string& description, int64_t low, int64_t high) {
  Json schema = typed("integer", description);
  schema["minimum"] = low;
  schema["maximum"] = high;
  return schema;
}
inline Json count(const std::string& description = "") {
  Json schema = typed("integer", description);
  schema["minimum"] = 0;
  return schema;
}
inline Json choice(const std::vector<std::string>& names, const std::string& description) {
  Json schema = typed("string", description);
  schema["enum"] = names;
  return schema;
}
inline Json list(Json items, const std::string& description = "") {
  Json schema = typed("array", description);
  schema["items"] = std::move(items);
  return schema;
}
inline Json or_null(Json schema) {
  schema["type"] = Json::array({schema.at("type"), "null"});
  return schema;
}
// Whatever names, all of one kind.
inline Json map_of(Json values, const std::string& description = "") {
  Json schema = typed("object", description);
  schema["additionalProperties"] = std::move(values);
  return schema;
}
// These names and no others.
inline Json object(Json properties, std::vector<std::string> required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}
// What a tool gives: beside its own names a sentence that says it, and notes on the way.
inline Json answer(Json properties, std::vector<std::string> required) {
  Json all{{"summary", text()}};
  all.update(properties);
  all["notes"] = list(text());
  required.emplace_back("summary");
  return object(std::move(all), std::move(required));
}
// A flat object of cells: a row, or the fields of an experience.
inline Json cells(const std::string& description) {
  return map_of({{"type", Json::array({"string", "number", "boolean", "null"})}}, description);
}

}  // namespace manyshot::mcp::schema
