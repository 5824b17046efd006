#include "model/files/config_json.h"

#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {

Json parse_config_json(std::string_view text, const std::string& source) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: not valid JSON ({}); copy or download the model again", source,
         excerpt(error.what(), 120));
  }
  if (!json.is_object()) {
    fail(ErrorKind::kCorruptFile, "{}: expected a JSON object with the model's sizes, found {}", source,
         excerpt(json.dump()));
  }
  return json;
}

ConfigSection::ConfigSection(const Json& object, std::string source, std::string prefix)
    : object_(object), source_(std::move(source)), prefix_(std::move(prefix)) {}

const Json* ConfigSection::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void ConfigSection::refuse(const char* key, std::string_view expected) const {
  const Json* value = find(key);
  if (value == nullptr) {
    fail(ErrorKind::kCorruptFile, "{}: key \"{}{}\" is missing; expected {}: use the model's own config.json", source_,
         prefix_, key, expected);
  }
  fail(ErrorKind::kCorruptFile, "{}: \"{}{}\" is {}; expected {}: use the model's own config.json", source_, prefix_,
       key, excerpt(value->dump()), expected);
}

void ConfigSection::unsupported(const char* key, std::string_view supported) const {
  const Json* value = find(key);
  fail(ErrorKind::kUnsupported, "{}: \"{}{}\" is {}; this build runs models with {}", source_, prefix_, key,
       value == nullptr ? "missing" : excerpt(value->dump()), supported);
}

}  // namespace manyshot
