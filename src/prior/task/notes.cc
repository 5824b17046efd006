#include "prior/task/notes.h"

#include <fmt/format.h>

namespace manyshot::prior {

std::string with_column_names(std::string text, const std::vector<std::string>& names) {
  for (size_t begin = text.find('#'); begin != std::string::npos; begin = text.find('#', begin)) {
    const size_t end = text.find('#', begin + 1);
    const std::string& name = names.at(std::stoul(text.substr(begin + 1, end - begin - 1)));
    text.replace(begin, end - begin + 1, name);
    begin += name.size();
  }
  return text;
}

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

std::string short_numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + short_number(value);
  return text;
}

}  // namespace manyshot::prior
