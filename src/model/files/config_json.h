// One JSON object of a model's config.json, for reading typed values with messages that name the key.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace manyshot {

// Throws Error(kCorruptFile) naming `source` unless the text is a JSON object.
Json parse_config_json(std::string_view text, const std::string& source);

// null counts as absent. `object` must outlive the section; `prefix` stands before keys in messages.
class ConfigSection {
 public:
  ConfigSection(const Json& object, std::string source, std::string prefix = "");

  const Json* find(const char* key) const;
  bool has(const char* key) const { return find(key) != nullptr; }
  // Throws Error(kCorruptFile): the key is missing, or is not what it must be.
  [[noreturn]] void refuse(const char* key, std::string_view expected) const;
  // Throws Error(kUnsupported): a value that models may have, but that this build cannot run.
  [[noreturn]] void unsupported(const char* key, std::string_view supported) const;
  const std::string& source() const { return source_; }

 private:
  const Json& object_;
  std::string source_;
  std::string prefix_;
};

}  // namespace manyshot
