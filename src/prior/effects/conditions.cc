#include "prior/effects/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace manyshot::prior {
namespace {

// Random levels that hold about the share of the rows that is asked for.
Condition level_condition(const EffectTable& table, size_t column, double share, Draws& draws) {
  const size_t num_rows = table.num_rows();
  const auto num_levels = static_cast<size_t>(table.columns[column].info.num_levels);
  std::vector<size_t> rows_of(num_levels, 0), order(num_levels);
  for (size_t row = 0; row < num_rows; ++row) ++rows_of[static_cast<size_t>(table.level(column, row))];
  for (size_t level = 0; level < num_levels; ++level) order[level] = level;
  for (size_t place = 0; place < num_levels; ++place)
    std::swap(order[place], order[place + draws.below(num_levels - place)]);
  std::vector<uint8_t> inside(num_levels, 0);
  size_t chosen = 0;
  double missing = share * static_cast<double>(num_rows);  // rows
  for (const size_t level : order) {
    // A level comes in when that brings the share nearer; one at least does, and one does not.
    const auto rows = static_cast<double>(rows_of[level]);
    if (chosen + 1 == num_levels || (std::abs(missing - rows) >= missing && chosen > 0)) continue;
    inside[level] = 1;
    missing -= rows;
    ++chosen;
  }
  Condition condition{.column = column, .holds = std::vector<uint8_t>(num_rows), .text = {}};
  for (size_t row = 0; row < num_rows; ++row)
    condition.holds[row] = inside[static_cast<size_t>(table.level(column, row))];
  condition.text = fmt::format("f{} in {} of {} levels", column, chosen, num_levels);
  return condition;
}

}  // namespace

Condition draw_condition(const EffectTable& table, size_t column, bool balanced, Draws& draws) {
  const double share = balanced ? 0.5 : draws.uniform(0.1, 0.9);
  if (table.columns[column].has_levels()) return level_condition(table, column, share, draws);
  const size_t num_rows = table.num_rows();
  const float* values = table.values.node(column);
  std::vector<float> sorted(values, values + num_rows);
  const auto place = static_cast<ptrdiff_t>(share * static_cast<double>(num_rows - 1));
  std::nth_element(sorted.begin(), sorted.begin() + place, sorted.end());
  float threshold = sorted[static_cast<size_t>(place)];
  // Above the largest value there is nothing: a column with few values is cut below it.
  const float largest = *std::max_element(sorted.begin(), sorted.end());
  if (threshold == largest) {
    const float least = *std::min_element(sorted.begin(), sorted.end());
    threshold = least;
    for (const float value : sorted) threshold = value < largest ? std::max(threshold, value) : threshold;
  }
  const bool above = draws.chance(0.5);
  Condition condition{.column = column, .holds = std::vector<uint8_t>(num_rows), .text = {}};
  for (size_t row = 0; row < num_rows; ++row) condition.holds[row] = (values[row] > threshold) == above ? 1 : 0;
  condition.text = fmt::format("f{} {} {:.4g}", column, above ? ">" : "<=", threshold);
  return condition;
}

Rule draw_rule(const EffectTable& table, size_t num_conditions, Draws& draws) {
  Rule rule{.columns = choose_columns(table.causes(), num_conditions, draws),
            .holds = std::vector<uint8_t>(table.num_rows(), 1),
            .text = {}};
  for (const size_t column : rule.columns) {
    const Condition condition = draw_condition(table, column, /*balanced=*/false, draws);
    for (size_t row = 0; row < rule.holds.size(); ++row) rule.holds[row] &= condition.holds[row];
    rule.text += (rule.text.empty() ? "" : " and ") + condition.text;
  }
  return rule;
}

std::vector<size_t> choose_columns(const std::vector<size_t>& from, size_t count, Draws& draws) {
  std::vector<size_t> order = from;
  count = std::min(count, order.size());
  for (size_t place = 0; place < count; ++place)
    std::swap(order[place], order[place + draws.below(order.size() - place)]);
  order.resize(count);
  return order;
}

}  // namespace manyshot::prior
