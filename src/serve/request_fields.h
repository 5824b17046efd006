// Fields of a request's JSON body, by name and type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.h"

namespace manyshot::serve {

// A field that is null counts as absent. All functions throw Error(kBadInput) naming the field, what it holds and what
// was expected.
class RequestFields {
 public:
  // Throws Error(kBadInput) for a body that is no JSON object.
  explicit RequestFields(const std::string& body);
  // REQUIRES: an object.
  explicit RequestFields(Json object) : json_(std::move(object)) {}

  // nullptr where it is absent.
  const Json* find(std::string_view name) const;
  bool flag(std::string_view name, bool otherwise) const;
  std::string text(std::string_view name, const std::string& otherwise) const;
  double number(std::string_view name, double otherwise, double low, double high) const;
  int64_t whole_number(std::string_view name, int64_t otherwise, int64_t low, int64_t high) const;
  // Throws where the field asks for something that this server does not do: for any value but `harmless`.
  void refuse(std::string_view name, const Json& harmless) const;

 private:
  Json json_;
};

// A body that is JSON; a discarded value for another. Throws Error(kBadInput) for more lists and objects in each other
// than anybody needs.
Json parse_json(const std::string& body);

// "temperature": expected a number from 0 to 100, found "hot"
[[noreturn]] void refuse_field(std::string_view name, std::string_view expected, const Json& found);

}  // namespace manyshot::serve
