#include "prior/task/task_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/files.h"
#include "table/table_writer.h"

namespace manyshot::prior {
namespace {

// Standardised values are floats: what comes back within their rounding of 0 was 0.
double raw_value(const ColumnInfo& info, float value) {
  const double raw = info.offset + info.scale * static_cast<double>(value);
  return std::abs(raw) < 5e-7 * std::max(std::abs(info.offset), info.scale) ? 0 : raw;
}

// Levels and counts print as such only when standardising them can be undone: the clamp of mix moves rare levels to
// within a millionth of the others.
bool has_whole_cells(const ColumnInfo& info, std::span<const float> values) {
  if (info.kind == ColumnKind::kNumeric) return false;
  const double tolerance = 1e-3 * std::min(info.scale, 1.0);
  return std::all_of(values.begin(), values.end(), [&](float v) {
    const double raw = raw_value(info, v);
    return v != v || std::abs(raw - std::nearbyint(raw)) < tolerance;
  });
}

// As short as a float allows; with more digits where the column's values differ only far behind the point.
void append_number(std::string& text, const ColumnInfo& info, double raw) {
  const double ratio = std::abs(info.offset) / info.scale;
  if (ratio < 100) {
    fmt::format_to(std::back_inserter(text), "{}", static_cast<float>(raw));
  } else {
    const int digits = std::min(17, 7 + static_cast<int>(std::ceil(std::log10(ratio))));
    fmt::format_to(std::back_inserter(text), "{:.{}g}", raw, digits);
  }
}

// The text of a standardised value; nothing for a missing one.
void append_cell(std::string& text, const ColumnInfo& info, bool whole, float value) {
  if (value != value) return;
  const double raw = raw_value(info, value);
  if (!whole) {
    append_number(text, info, raw);
  } else if (info.kind == ColumnKind::kCategorical) {
    text += level_text(static_cast<int32_t>(std::lrint(raw)));
  } else {
    fmt::format_to(std::back_inserter(text), "{}", std::lrint(raw));
  }
}

std::string_view target_name(const Task& task) { return task.target_kind == TargetKind::kNumber ? "target" : "label"; }

void write_csv(const Task& task, const std::string& path) {
  std::vector<uint8_t> whole(task.num_features());
  std::string text;
  for (size_t feature = 0; feature < task.num_features(); ++feature) {
    whole[feature] = has_whole_cells(task.info[feature], task.column(feature)) ? 1 : 0;
    fmt::format_to(std::back_inserter(text), "x{},", feature);
  }
  const bool whole_target = has_whole_cells(task.target_info, task.target_values);
  fmt::format_to(std::back_inserter(text), "{}\n", target_name(task));
  OutputFile file(path);
  for (size_t row = 0; row < task.num_rows; ++row) {
    for (size_t feature = 0; feature < task.num_features(); ++feature) {
      append_cell(text, task.info[feature], whole[feature] != 0, task.column(feature)[row]);
      text += ',';
    }
    if (task.target_kind == TargetKind::kNumber) {
      append_cell(text, task.target_info, whole_target, task.target_values[row]);
    } else {
      fmt::format_to(std::back_inserter(text), "{}", task.labels[row]);
    }
    text += '\n';
    if (text.size() > (1 << 16)) {
      file.write(text);
      text.clear();
    }
  }
  file.write(text);
  file.commit();
}

std::vector<double> raw_numbers(const ColumnInfo& info, std::span<const float> values) {
  const bool whole = has_whole_cells(info, values);
  std::vector<double> numbers;
  for (const float value : values) {
    const double raw = raw_value(info, value);
    numbers.push_back(whole ? std::nearbyint(raw) : raw);
  }
  return numbers;
}

void write_parquet(const Task& task, const std::string& path) {
  std::vector<std::string> names;
  std::vector<OutputColumn> columns;
  for (size_t feature = 0; feature < task.num_features(); ++feature) {
    const ColumnInfo& info = task.info[feature];
    names.push_back(fmt::format("x{}", feature));
    if (info.kind == ColumnKind::kCategorical && has_whole_cells(info, task.column(feature))) {
      std::vector<std::string> texts;
      for (const float value : task.column(feature)) {
        texts.push_back(value == value ? level_text(static_cast<int32_t>(std::lrint(raw_value(info, value)))) : "");
      }
      columns.emplace_back(std::move(texts));
      continue;
    }
    columns.emplace_back(raw_numbers(info, task.column(feature)));
  }
  names.emplace_back(target_name(task));
  if (task.target_kind == TargetKind::kNumber) {
    columns.emplace_back(raw_numbers(task.target_info, task.target_values));
  } else {
    columns.emplace_back(std::vector<int64_t>(task.labels.begin(), task.labels.end()));
  }
  const auto writer = open_table_writer(path, names);
  writer->append(columns);
  writer->commit();
}

}  // namespace

std::string level_text(int32_t level) {
  std::string text;
  for (; level >= 0; level = level / 26 - 1) text.insert(text.begin(), static_cast<char>('a' + level % 26));
  return text;
}

void write_task(const Task& task, const std::string& path) {
  if (path.ends_with(".parquet")) {
    write_parquet(task, path);
  } else {
    write_csv(task, path);
  }
}

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
