// Members of JSON objects that people or programs may have changed; what is wrong is named with its place.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace manyshot::lab {

// Throws Error(kind) naming the place for a text that is no JSON, or nests deeper than any of ours.
Json parse_json(std::string_view text, const std::string& place, ErrorKind kind);

// An object and where it stands ("documents.jsonl:17"). Every call throws Error(kCorruptFile) naming the place and the
// member unless it is of the asked type.
class JsonFields {
 public:
  JsonFields(const Json& object, std::string place);

  const std::string& place() const { return place_; }
  bool has(const char* name) const { return object_.contains(name); }
  std::string text(const char* name) const;
  std::string text_or(const char* name, std::string_view otherwise) const {
    return has(name) ? text(name) : std::string(otherwise);
  }
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

// Each line of `text` as an object with its place, "path:17"; empty lines are left out. Throws as parse_json and
// JsonFields.
void visit_json_lines(std::string_view text, const std::string& path, ErrorKind kind,
                      const std::function<void(const JsonFields&)>& visit);

}  // namespace manyshot::lab
