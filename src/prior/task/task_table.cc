#include "prior/task/task_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace manyshot::prior {
namespace {

TaskColumn number_column(std::string name, const ColumnInfo& info, std::span<const float> values) {
  const bool whole = has_whole_cells(info, values);
  TaskColumn column{.name = std::move(name), .kind = name_of(info.kind)};
  for (const float value : values) {
    const double raw = raw_value(info, value);
    column.numbers.push_back(whole ? std::nearbyint(raw) : raw);
  }
  return column;
}

TaskColumn text_column(std::string name, const ColumnInfo& info, std::span<const float> values) {
  TaskColumn column{.name = std::move(name), .kind = name_of(info.kind)};
  std::map<int32_t, int32_t> codes;  // by level
  for (const float value : values) {
    if (value == value) codes.emplace(static_cast<int32_t>(std::lrint(raw_value(info, value))), 0);
  }
  for (auto& [level, code] : codes) {
    code = static_cast<int32_t>(column.categories.size());
    column.categories.push_back(level_text(level));
  }
  for (const float value : values) {
    column.codes.push_back(value == value ? codes.at(static_cast<int32_t>(std::lrint(raw_value(info, value)))) : -1);
  }
  return column;
}

TaskColumn target_column(const Task& task) {
  std::string name(target_name(task));
  if (task.target_kind == TargetKind::kNumber)
    return number_column(std::move(name), task.target_info, task.target_values);
  TaskColumn column{.name = std::move(name), .kind = kClassColumn, .codes = task.labels};
  for (int k = 0; k < task.num_classes; ++k) column.categories.push_back(std::to_string(k));
  return column;
}

}  // namespace

std::vector<TaskColumn> table_of(const Task& task) {
  std::vector<TaskColumn> columns;
  for (size_t feature = 0; feature < task.num_features(); ++feature) {
    const ColumnInfo& info = task.info[feature];
    const std::span<const float> values = task.column(feature);
    const bool is_text = info.kind == ColumnKind::kCategorical && has_whole_cells(info, values);
    columns.push_back((is_text ? text_column : number_column)(fmt::format("x{}", feature), info, values));
  }
  columns.push_back(target_column(task));
  return columns;
}

double raw_value(const ColumnInfo& info, float value) {
  // Standardised values are floats: what comes back within their rounding of 0 was 0.
  const double raw = info.offset + info.scale * static_cast<double>(value);
  return std::abs(raw) < 5e-7 * std::max(std::abs(info.offset), info.scale) ? 0 : raw;
}

bool has_whole_cells(const ColumnInfo& info, std::span<const float> values) {
  if (info.kind == ColumnKind::kNumeric) return false;
  // Levels and counts print as such only when standardising them can be undone: the clamp of mix moves rare levels to
  // within a millionth of the others.
  const double tolerance = 1e-3 * std::min(info.scale, 1.0);
  return std::all_of(values.begin(), values.end(), [&](float v) {
    const double raw = raw_value(info, v);
    return v != v || std::abs(raw - std::nearbyint(raw)) < tolerance;
  });
}

std::string level_text(int32_t level) {
  std::string text;
  for (; level >= 0; level = level / 26 - 1) text.insert(text.begin(), static_cast<char>('a' + level % 26));
  return text;
}

std::string_view target_name(const Task& task) { return task.target_kind == TargetKind::kNumber ? "target" : "label"; }

Json target_facts(const Task& task) {
  if (task.target_kind == TargetKind::kClass)
    return {{"classes", task.num_classes}, {"class_counts", task.class_counts()}};
  const ColumnInfo& info = task.target_info;
  return {{"target", {{"kind", name_of(info.kind)}, {"offset", info.offset}, {"scale", info.scale}}}};
}

Json task_facts(const Task& task) {
  Json kinds = Json::object();
  for (const ColumnInfo& info : task.info) {
    Json& count = kinds[std::string(name_of(info.kind))];
    count = count.is_null() ? 1 : count.get<int>() + 1;
  }
  Json rejections = Json::object();
  for (size_t reason = 0; reason < kNumRejections; ++reason) {
    if (task.rejections[reason] > 0) {
      rejections[std::string(name_of(static_cast<Rejection>(reason)))] = task.rejections[reason];
    }
  }
  Json facts = {
      {"task", task.index}, {"prior", task.prior}, {"rows", task.num_rows}, {"features", task.num_features()}};
  facts.update(target_facts(task));
  facts["kinds"] = kinds;
  facts["missing_cells"] = std::count_if(task.columns.begin(), task.columns.end(), [](float v) { return v != v; });
  facts["rejections"] = rejections;
  return facts;
}

}  // namespace manyshot::prior
