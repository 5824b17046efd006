#include "report/document.h"

namespace manyshot::report {

TextTable facts_table(const std::string& title, const Facts& facts) {
  TextTable table{.title = title, .columns = {"what", "value"}, .text_columns = 2};
  for (const auto& [name, value] : facts) table.rows.push_back({{name}, {value.empty() ? "–" : value}});
  return table;
}

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

size_t Chart::chosen_view() const {
  size_t view = 0;
  for (const Choice& choice : choices) view = view * choice.options.size() + choice.chosen;
  return view;
}

}  // namespace manyshot::report
