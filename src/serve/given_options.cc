#include "serve/given_options.h"

#include "core/error.h"
#include "core/text.h"

namespace manyshot::serve {

GivenOptions::GivenOptions(const Request& request, const Json& fields) {
  const auto add = [&](const std::string& name, std::variant<std::string, Json> value) {
    if (!given_.emplace(name, std::move(value)).second)
      fail(ErrorKind::kBadInput, "{} is given twice; leave one of them out", excerpt(name));
  };
  for (const auto& [name, value] : request.query) add(name, value);
  for (const auto& [name, value] : fields.items()) {
    if (!value.is_null()) add(name, value);
  }
}

bool GivenOptions::has(std::string_view name) const { return given_.contains(name); }

void GivenOptions::take(const Option& option) {
  const auto given = given_.find(option.name);
  if (given == given_.end()) return;
  if (const auto* text = std::get_if<std::string>(&given->second)) {
    option.set(option.is_flag && text->empty() ? "true" : *text);  // ?utf8_mark
  } else {
    option.set_json(std::get<Json>(given->second));
  }
  given_.erase(given);
}

void GivenOptions::take_all(const OptionList& list) {
  for (const Option& option : list) take(option);
}

void GivenOptions::refuse_others(const OptionList& known) const {
  for (const auto& [name, value] : given_) find_option(known, name);
}

}  // namespace manyshot::serve
