// What a request asks for by name: its query parameters and the fields of its JSON body.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "core/json.h"
#include "core/options.h"
#include "serve/http_server.h"

namespace manyshot::serve {

class GivenOptions {
 public:
  // Throws Error(kBadInput) for a name that is given twice.
  GivenOptions(const Request& request, const Json& fields);

  // Whether it is given, and not null.
  bool has(std::string_view name) const;
  // Sets one option, and forgets that it was given; does nothing where it was not.
  void take(const Option& option);
  // Sets each option of the list that is given, and forgets it.
  void take_all(const OptionList& list);
  // Throws Error(kBadInput) for a name that is left, with the nearest of `known`.
  void refuse_others(const OptionList& known) const;

 private:
  std::map<std::string, std::variant<std::string, Json>, std::less<>> given_;
};

}  // namespace manyshot::serve
