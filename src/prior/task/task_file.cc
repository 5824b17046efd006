#include "prior/task/task_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/files.h"
#include "prior/task/task_table.h"
#include "table/table_writer.h"

namespace manyshot::prior {
namespace {

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

void write_parquet(const Task& task, const std::string& path) {
  std::vector<std::string> names;
  std::vector<OutputColumn> columns;
  for (TaskColumn& column : table_of(task)) {
    names.push_back(std::move(column.name));
    if (column.kind == kClassColumn) {
      columns.emplace_back(std::vector<int64_t>(column.codes.begin(), column.codes.end()));
    } else if (!column.categories.empty()) {
      std::vector<std::string> texts;
      for (const int32_t code : column.codes) texts.push_back(code < 0 ? "" : column.categories[code]);
      columns.emplace_back(std::move(texts));
    } else {
      columns.emplace_back(std::move(column.numbers));
    }
  }
  const auto writer = open_table_writer(path, names);
  writer->append(columns);
  writer->commit();
}

}  // namespace

void write_task(const Task& task, const std::string& path) {
  if (path.ends_with(".parquet")) {
    write_parquet(task, path);
  } else {
    write_csv(task, path);
  }
}

}  // namespace manyshot::prior
