#include "serve/request_fields.h"

#include "core/error.h"
#include "core/json_depth.h"
#include "core/text.h"

namespace manyshot::serve {

void refuse_field(std::string_view name, std::string_view expected, const Json& found) {
  fail(ErrorKind::kBadInput, "\"{}\": expected {}, found {}", name, expected,
       excerpt(found.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

Json parse_json(const std::string& body) {
  if (is_json_deeper_than(body)) {
    fail(ErrorKind::kBadInput, "the body has more than {} lists and objects in each other", kMostJsonLevels);
  }
  return Json::parse(body, nullptr, /*allow_exceptions=*/false);
}

RequestFields::RequestFields(const std::string& body) : json_(parse_json(body)) {
  if (!json_.is_object()) fail(ErrorKind::kBadInput, "the body must be a JSON object, found {}", excerpt(body));
}

const Json* RequestFields::find(std::string_view name) const {
  const auto found = json_.find(name);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

bool RequestFields::flag(std::string_view name, bool otherwise) const {
  const Json* field = find(name);
  if (field == nullptr) return otherwise;
  if (!field->is_boolean()) refuse_field(name, "true or false", *field);
  return *field;
}

std::string RequestFields::text(std::string_view name, const std::string& otherwise) const {
  const Json* field = find(name);
  if (field == nullptr) return otherwise;
  if (!field->is_string()) refuse_field(name, "text", *field);
  return *field;
}

double RequestFields::number(std::string_view name, double otherwise, double low, double high) const {
  const Json* field = find(name);
  if (field == nullptr) return otherwise;
  const double value = field->is_number() ? field->get<double>() : low - 1;
  if (!(value >= low && value <= high)) refuse_field(name, fmt::format("a number from {} to {}", low, high), *field);
  return value;
}

int64_t RequestFields::whole_number(std::string_view name, int64_t otherwise, int64_t low, int64_t high) const {
  const Json* field = find(name);
  if (field == nullptr) return otherwise;
  const bool fits = field->is_number_integer() &&
                    !(field->is_number_unsigned() && field->get<uint64_t>() > static_cast<uint64_t>(high)) &&
                    field->get<int64_t>() >= low && field->get<int64_t>() <= high;
  if (!fits) refuse_field(name, fmt::format("a whole number from {} to {}", low, high), *field);
  return *field;
}

void RequestFields::refuse(std::string_view name, const Json& harmless) const {
  const Json* field = find(name);
  if (field == nullptr || *field == harmless) return;
  fail(ErrorKind::kUnsupported, "\"{}\" is not supported; leave it out", name);
}

}  // namespace manyshot::serve
