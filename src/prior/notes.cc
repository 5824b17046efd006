#include "prior/notes.h"

#include <fmt/format.h>

namespace manyshot {

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

std::string short_numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + short_number(value);
  return text;
}

}  // namespace manyshot
