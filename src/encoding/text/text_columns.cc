#include "encoding/text/text_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

// Whether any two labelled rows differ in the column.
bool varies(const Column& column) {
  const auto differ = [](double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); };
  return column.is_number()
             ? std::adjacent_find(column.numbers.begin(), column.numbers.end(), differ) != column.numbers.end()
             : std::adjacent_find(column.codes.begin(), column.codes.end(), std::not_equal_to<>()) !=
                   column.codes.end();
}

}  // namespace

TextColumns::TextColumns(const Table& shots, PromptStyle style) {
  std::vector<std::string> left_out;
  for (uint32_t column = 0; column < shots.columns.size(); ++column) {
    if (style == PromptStyle::kLines && shots.columns[column].share_of >= 0) continue;
    if (varies(shots.columns[column])) {
      columns.push_back(column);
    } else {
      left_out.push_back(shots.columns[column].name);
    }
  }
  if (columns.empty()) {
    fail(ErrorKind::kBadInput,
         "none of the {} columns differs between the {} labelled rows, so there is nothing to predict from; check the "
         "delimiter and the target, or use more rows",
         shots.columns.size(), shots.num_rows);
  }
  if (!left_out.empty())
    notes.push_back(fmt::format("left out, the same in all labelled rows: {}", list_names(left_out)));
}

TaskView TextColumns::in_table(const TaskView& view) const {
  TaskView result = view;
  for (uint32_t& feature : result.features) feature = columns[feature];
  return result;
}

}  // namespace manyshot
