#include "memory/experience.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::memory {
namespace {

std::string shown(const Json& value) { return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace)); }

void check_text(const std::string& text, const std::string& what) {
  if (text.size() > kMostTextBytes)
    fail(ErrorKind::kBadInput, "{}: {} bytes of text; at most {} are remembered", what, text.size(), kMostTextBytes);
}

}  // namespace

void check_fields(const Json& fields) {
  if (!fields.is_object() || fields.empty())
    fail(ErrorKind::kBadInput, "fields: expected an object of names and values with at least one, found {}",
         shown(fields));
  if (fields.size() > kMostFields)
    fail(ErrorKind::kBadInput, "fields: {} of them; at most {} are remembered", fields.size(), kMostFields);
  for (const auto& [name, value] : fields.items()) {
    if (name.empty() || name.size() > kMostNameBytes)
      fail(ErrorKind::kBadInput, "fields: the name {} has {} bytes; 1 to {} are possible", shown(name), name.size(),
           kMostNameBytes);
    const std::string what = fmt::format("fields.{}", excerpt(name));
    if (value.is_string()) {
      check_text(value.get_ref<const std::string&>(), what);
    } else if (!value.is_number() && !value.is_boolean() && !value.is_null()) {
      fail(ErrorKind::kBadInput, "{}: expected text, a number, true, false or null, found {}", what, shown(value));
    }
  }
}

Json checked_outcome(const Json& outcome) {
  if (outcome.is_boolean()) return outcome.get<bool>() ? "true" : "false";
  if (outcome.is_string()) check_text(outcome.get_ref<const std::string&>(), "outcome");
  if (outcome.is_string() || outcome.is_number()) return outcome;
  fail(ErrorKind::kBadInput, "outcome: expected a class (text, true or false) or a number, found {}", shown(outcome));
}

OutcomeKind kind_of(const Json& checked_outcome) {
  return checked_outcome.is_number() ? OutcomeKind::kNumber : OutcomeKind::kClass;
}

void check_collection_name(const std::string& name) {
  const bool has_control = std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!name.empty() && name.size() <= kMostNameBytes && !has_control) return;
  fail(ErrorKind::kBadInput, "collection: {} is no name; 1 to {} bytes without control characters are", shown(name),
       kMostNameBytes);
}

}  // namespace manyshot::memory
