#include "memory/export.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "table/table_writer.h"

namespace manyshot::memory {
namespace {

constexpr std::array<std::string_view, 3> kOwnColumns{"id", "remembered", "outcome"};

std::vector<std::string> field_names(std::span<const Experience> experiences) {
  std::vector<std::string> names;
  for (const Experience& experience : experiences) {
    for (const auto& field : experience.fields.items()) {
      if (std::ranges::find(names, field.key()) == names.end()) names.push_back(field.key());
    }
  }
  return names;
}

// What `value_of` gives of each experience.
OutputColumn column_of(std::span<const Experience> experiences, bool has_numbers,
                       const std::function<const Json*(const Experience&)>& value_of) {
  std::vector<std::string> texts;
  std::vector<double> numbers;
  bool is_number = has_numbers;
  for (const Experience& experience : experiences) {
    const Json* value = value_of(experience);
    const bool is_missing = value == nullptr || value->is_null();
    is_number = is_number && (is_missing || value->is_number());
    texts.push_back(is_missing ? "" : value->is_string() ? value->get<std::string>() : value->dump());
    numbers.push_back(!is_missing && value->is_number() ? value->get<double>()
                                                        : std::numeric_limits<double>::quiet_NaN());
  }
  if (is_number) return numbers;
  return texts;
}

}  // namespace

void write_experiences(std::span<const Experience> experiences, const std::string& path) {
  const TableFormat format = table_format_of(path);
  const bool has_numbers = format == TableFormat::kParquet || format == TableFormat::kJsonLines;
  std::vector<std::string> names{"id", "remembered"};
  std::vector<OutputColumn> columns{std::vector<int64_t>(), std::vector<std::string>()};
  for (const Experience& experience : experiences) {
    std::get<std::vector<int64_t>>(columns[0]).push_back(experience.id);
    std::get<std::vector<std::string>>(columns[1]).push_back(experience.remembered);
  }
  for (const std::string& field : field_names(experiences)) {
    const bool is_taken = std::ranges::find(kOwnColumns, field) != kOwnColumns.end();
    names.push_back(is_taken ? field + "_field" : field);
    columns.push_back(column_of(experiences, has_numbers, [&](const Experience& experience) {
      const auto value = experience.fields.find(field);
      return value == experience.fields.end() ? nullptr : &*value;
    }));
  }
  names.emplace_back("outcome");
  columns.push_back(
      column_of(experiences, has_numbers, [](const Experience& experience) { return &experience.outcome; }));
  const auto writer = open_table_writer(path, names, {.format = format, .digits = 17});
  writer->append(columns);
  writer->commit();
}

}  // namespace manyshot::memory
