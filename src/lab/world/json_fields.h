// Members of JSON objects that people or programs may have changed; what is wrong is named with its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace manyshot::lab {

// An object and where it stands ("documents.jsonl:17"). Every call throws Error(kCorruptFile) naming the place and the
// member unless it is of the asked type.
class JsonFields {
 public:
  JsonFields(const Json& object, std::string place);

  const std::string& place() const { return place_; }
  bool has(const char* name) const { return object_.contains(name); }
  std::string text(const char* name) const;
  std::string text_or(const char* name, std::string otherwise) const { return has(name) ? text(name) : otherwise; }
  bool flag_or(const char* name, bool otherwise) const;
  uint64_t count(const char* name) const;  // 0, 1, …
  std::vector<std::string> texts(const char* name) const;
  std::vector<std::string> texts_or_none(const char* name) const {
    return has(name) ? texts(name) : std::vector<std::string>();
  }
  std::vector<uint32_t> counts(const char* name) const;
  const Json& object(const char* name) const;
  // The objects of a list, each with its place ("world.json: facts[3]").
  std::vector<JsonFields> objects(const char* name) const;

 private:
  const Json& member(const char* name) const;
  [[noreturn]] void refuse(const char* name, const char* expected) const;

  const Json& object_;
  std::string place_;
};

}  // namespace manyshot::lab
