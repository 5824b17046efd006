#include "mcp/json_schema.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::mcp {
namespace {

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return type == "null" && value.is_null();
}

std::string words_of(const std::string& type) {
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "string") return "text";
  if (type == "boolean") return "true or false";
  if (type == "array") return "a list";
  if (type == "object") return "an object";
  return type;
}

[[noreturn]] void refuse(const std::string& place, const std::string& expected, const Json& value) {
  fail(ErrorKind::kBadInput, "{}: expected {}, found {}", place.empty() ? "the arguments" : place, expected,
       excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

std::string inside(const std::string& place, const std::string& name) {
  return place.empty() ? name : place + "." + name;
}

void check_type(const Json& value, const Json& schema, const std::string& place) {
  const auto type = schema.find("type");
  if (type == schema.end()) return;
  const std::vector<std::string> types =
      type->is_array() ? type->get<std::vector<std::string>>() : std::vector{type->get<std::string>()};
  if (std::ranges::any_of(types, [&](const std::string& name) { return is_of_type(value, name); })) return;
  std::vector<std::string> words;
  for (const std::string& name : types) words.push_back(words_of(name));
  refuse(place, fmt::format("{}", fmt::join(words, " or ")), value);
}

void check_range(const Json& value, const Json& schema, const std::string& place) {
  const auto low = schema.find("minimum"), high = schema.find("maximum");
  const bool is_low = low != schema.end() && value.get<double>() < low->get<double>();
  const bool is_high = high != schema.end() && value.get<double>() > high->get<double>();
  if (is_low) refuse(place, fmt::format("at least {}", low->dump()), value);
  if (is_high) refuse(place, fmt::format("at most {}", high->dump()), value);
}

// Of a text or list, in bytes or entries.
void check_size(size_t size, const Json& schema, const char* least, const char* most, const std::string& place,
                const std::string& unit) {
  const auto refuse_size = [&](const std::string& limit) {
    fail(ErrorKind::kBadInput, "{}: expected {} {}, found {}", place, limit, unit, size);
  };
  if (const auto low = schema.find(least); low != schema.end() && size < low->get<size_t>())
    refuse_size(fmt::format("at least {}", low->dump()));
  if (const auto high = schema.find(most); high != schema.end() && size > high->get<size_t>())
    refuse_size(fmt::format("at most {}", high->dump()));
}

void check_object(const Json& value, const Json& schema, const std::string& place) {
  const Json properties = schema.value("properties", Json::object());
  const Json others = schema.value("additionalProperties", Json(true));
  for (const auto& [name, member] : value.items()) {
    if (const auto known = properties.find(name); known != properties.end()) {
      check_json(member, *known, inside(place, name));
    } else if (others == false) {
      std::vector<std::string> names;
      for (const auto& property : properties.items()) names.push_back(property.key());
      fail(ErrorKind::kBadInput, "{}: there is no such argument{}; there are {}", excerpt(inside(place, name)),
           did_you_mean(name, names), list_names(names, 20));
    } else if (others.is_object()) {
      check_json(member, others, inside(place, name));
    }
  }
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>()))
      fail(ErrorKind::kBadInput, "{} is needed", inside(place, name.get<std::string>()));
  }
}

// Whether one of the schemas of anyOf holds; what is wrong is told of the last one, the most general.
void check_any(const Json& value, const Json& schemas, const std::string& place) {
  for (size_t i = 0; i + 1 < schemas.size(); ++i) {
    try {
      return check_json(value, schemas[i], place);
    } catch (const Error&) {
    }
  }
  check_json(value, schemas.back(), place);
}

}  // namespace

void check_json(const Json& value, const Json& schema, const std::string& place) {
  check_type(value, schema, place);
  if (const auto choices = schema.find("enum"); choices != schema.end()) {
    if (std::ranges::find(*choices, value) == choices->end())
      refuse(place, fmt::format("one of {}", choices->dump()), value);
  }
  if (const auto any = schema.find("anyOf"); any != schema.end()) check_any(value, *any, place);
  if (value.is_number()) check_range(value, schema, place);
  if (value.is_string())
    check_size(value.get_ref<const std::string&>().size(), schema, "minLength", "maxLength", place, "bytes");
  if (value.is_array()) {
    check_size(value.size(), schema, "minItems", "maxItems", place, "entries");
    if (const auto items = schema.find("items"); items != schema.end()) {
      for (size_t i = 0; i < value.size(); ++i) check_json(value[i], *items, fmt::format("{}[{}]", place, i));
    }
  }
  if (value.is_object()) check_object(value, schema, place);
}

}  // namespace manyshot::mcp
