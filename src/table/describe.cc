#include "table/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kShownCategories = 6;
constexpr size_t kNameBytes = 40;

bool has_range(const ColumnSchema& column, uint64_t num_rows) {
  return column.type <= ColumnType::kDate && column.missing < num_rows;
}

std::string quoted(const std::string& cell) { return fmt::format("\"{}\"", excerpt(cell, 24)); }

std::string quoted_list(const std::vector<std::string>& cells, size_t limit, bool more_follow) {
  std::string list;
  for (size_t i = 0; i < std::min(limit, cells.size()); ++i) list += (i > 0 ? ", " : "") + quoted(cells[i]);
  if (cells.size() > limit || more_follow) list += ", …";
  return list;
}

std::string values_of(const ColumnSchema& column, uint64_t num_rows) {
  if (column.missing == num_rows) return "no values";
  switch (column.type) {
    case ColumnType::kNumeric:
      return fmt::format("{:.6g} … {:.6g}, mean {:.4g}", column.minimum, column.maximum, column.mean);
    case ColumnType::kBoolean:
      return fmt::format("{:.3g} % {}", 100 * column.mean, "true");
    case ColumnType::kDate:
      return fmt::format("{} … {}", format_date(column.minimum), format_date(column.maximum));
    case ColumnType::kCategorical:
      return quoted_list(column.categories, kShownCategories, /*more_follow=*/false);
    case ColumnType::kText:
      return quoted_list(column.examples, column.examples.size(),
                         /*more_follow=*/column.distinct > column.examples.size());
  }
  return "";
}

std::string distinct_of(const ColumnSchema& column) {
  const bool is_exact = column.distinct <= kMaxTrackedDistinct || !column.categories.empty();
  return is_exact ? with_thousands(static_cast<long long>(column.distinct)) : ">" + with_thousands(kMaxTrackedDistinct);
}

std::string count_of(uint64_t count, const char* singular) {
  return fmt::format("{} {}{}", with_thousands(static_cast<long long>(count)), singular, count == 1 ? "" : "s");
}

std::vector<std::string> all_notes(const TableFile& file, const Schema& schema) {
  std::vector<std::string> notes = file.notes();
  for (const ColumnSchema& column : schema.columns) {
    if (column.unreadable > 0) {
      notes.push_back(fmt::format(
          "\"{}\": {} cannot be used as a {} and count{} as missing, first \"{}\" in row {} (counted from 0)",
          excerpt(column.name), count_of(column.unreadable, "cell"),
          column.type == ColumnType::kDate ? "date" : "number", column.unreadable == 1 ? "s" : "",
          excerpt(column.first_unreadable), column.first_unreadable_row));
    }
    for (std::string& note : column_notes(column)) notes.push_back(std::move(note));
  }
  return notes;
}

// Columns on a terminal, as fmt estimates them when it pads: two for East Asian characters.
size_t display_width(const std::string& text) {
  constexpr size_t kPadded = 200;
  return text.size() + kPadded - fmt::formatted_size("{:{}}", text, kPadded);
}

std::string column_lines(std::span<const ColumnSchema> columns, uint64_t num_rows) {
  size_t name_width = std::string_view("column").size();
  for (const ColumnSchema& column : columns) {
    name_width = std::max(name_width, display_width(excerpt(column.name, kNameBytes)));
  }
  std::string lines =
      fmt::format("  {:{}}  {:11}  {:>9}  {:>8}  values\n", "column", name_width, "type", "missing", "distinct");
  for (const ColumnSchema& column : columns) {
    lines += fmt::format("  {:{}}  {:11}  {:>9}  {:>8}  {}\n", excerpt(column.name, kNameBytes), name_width,
                         column_type_name(column.type), with_thousands(static_cast<long long>(column.missing)),
                         distinct_of(column), values_of(column, num_rows));
  }
  return lines;
}

Json range_value(const ColumnSchema& column, double value) {
  return column.type == ColumnType::kDate ? Json(format_date(value)) : Json(value);
}

Json column_to_json(const ColumnSchema& column, uint64_t num_rows) {
  Json json = {{"name", column.name},
               {"type", column_type_name(column.type)},
               {"missing", column.missing},
               {"unreadable", column.unreadable},
               {"distinct", column.distinct}};
  if (column.unreadable > 0) {
    json["first_unreadable"] = {{"cell", column.first_unreadable}, {"row", column.first_unreadable_row}};
  }
  if (has_range(column, num_rows)) {
    json["minimum"] = range_value(column, column.minimum);
    json["maximum"] = range_value(column, column.maximum);
    json["mean"] = range_value(column, column.mean);
  }
  if (!column.gap_marks.empty()) {
    json["gap_marks"] = Json::object();
    for (const GapMark& mark : column.gap_marks) json["gap_marks"][mark.spelling] = mark.cells;
  }
  if (column.respelt > 0) json["respelt"] = {{"cells", column.respelt}, {"first", column.first_respelt}};
  if (column.row_label != RowLabel::kNone) json["names_rows"] = true;
  if (column.type == ColumnType::kCategorical) json["categories"] = column.categories;
  json["examples"] = column.examples;
  return json;
}

std::string gap_note(const ColumnSchema& column) {
  constexpr size_t kShownMarks = 4;
  uint64_t cells = 0;
  std::vector<std::string> spellings;
  for (const GapMark& mark : column.gap_marks) {
    cells += mark.cells;
    spellings.push_back(mark.spelling);
  }
  return fmt::format("\"{}\": {} in {} read as missing beside {} {}", excerpt(column.name),
                     quoted_list(spellings, kShownMarks, /*more_follow=*/false),
                     count_of(cells, "cell") + (cells == 1 ? " is" : " are"),
                     with_thousands(static_cast<long long>(column.present)),
                     column.type == ColumnType::kDate ? "dates" : "numbers");
}

std::string spelling_note(const ColumnSchema& column) {
  const NumberStyle& style = column.number_style;
  std::string what;
  const auto add = [&](const std::string& part) { what += (what.empty() ? "" : ", ") + part; };
  if (style.grouping == Grouping::kBlank) add("blanks between thousands");
  if (style.grouping == Grouping::kApostrophe) add("apostrophes between thousands");
  if (style.grouping == Grouping::kUnderscore) add("underscores between thousands");
  if (style.grouping == Grouping::kIndian) add("groups of two digits");
  if (style.decimal == DecimalMark::kComma) add("a decimal comma");
  if (style.quantity == Quantity::kMagnitude) add("K, M and the like as factors");
  if (style.quantity == Quantity::kBytes) add("bytes");
  if (style.quantity == Quantity::kDuration) add("durations in seconds");
  if (style.quantity == Quantity::kClock) add("times of day in seconds");
  if (!style.unit.empty()) add(fmt::format("without the unit \"{}\"", excerpt(style.unit)));
  return fmt::format("\"{}\": {} such as {} {} read as {}{}", excerpt(column.name), count_of(column.respelt, "cell"),
                     quoted(column.first_respelt), column.respelt == 1 ? "is" : "are",
                     column.respelt == 1 ? "a number" : "numbers", what.empty() ? "" : fmt::format(" ({})", what));
}

}  // namespace

std::vector<std::string> column_notes(const ColumnSchema& column) {
  std::vector<std::string> notes;
  const std::string name = fmt::format("\"{}\"", excerpt(column.name));
  if (column.row_label != RowLabel::kNone)
    notes.push_back(fmt::format("{}: {}", name, row_label_reason(column.row_label)));
  if (!column.gap_marks.empty()) notes.push_back(gap_note(column));
  if (column.respelt > 0) {
    notes.push_back(spelling_note(column));
  } else if (column.number_style.decimal == DecimalMark::kComma) {
    notes.push_back(fmt::format("{}: numbers are read with a decimal comma", name));
  }
  if (column.date_order_guessed) {
    notes.push_back(fmt::format(
        "{}: dates such as {} are read as month/day/year; nothing in the column tells (write YYYY-MM-DD to be sure)",
        name, quoted(column.examples.front())));
  }
  if (column.holds_numbers) {
    notes.push_back(
        fmt::format("{}: strings such as {} stay strings, as the file stores them; store numbers as numbers", name,
                    quoted(column.examples.front())));
  }
  return notes;
}

const char* row_label_reason(RowLabel label) {
  switch (label) {
    case RowLabel::kIndex:
      return "names the rows (the file's index)";
    case RowLabel::kUnnamed:
      return "names the rows (no column name, another value in every row)";
    case RowLabel::kCounting:
      return "counts the rows";
    case RowLabel::kNone:
      break;
  }
  return "";
}

std::string describe_table(const TableFile& file, const Schema& schema) {
  const size_t shown = std::min(schema.columns.size(), kMaxDescribedColumns);
  std::string text = fmt::format("{}: {}; {}, {}\n\n", file.path(), file.format_name(),
                                 count_of(schema.num_rows, "row"), count_of(schema.columns.size(), "column"));
  text += column_lines(std::span(schema.columns).first(shown), schema.num_rows);
  if (shown < schema.columns.size())
    text += fmt::format("  … and {}\n", count_of(schema.columns.size() - shown, "more column"));
  const auto notes = all_notes(file, schema);
  if (!notes.empty()) text += "\n";
  for (const std::string& note : notes) text += fmt::format("note: {}\n", note);
  return text;
}

Json table_to_json(const TableFile& file, const Schema& schema) {
  Json columns = Json::array();
  for (const ColumnSchema& column : schema.columns) columns.push_back(column_to_json(column, schema.num_rows));
  return {{"path", file.path()},
          {"format", file.format_name()},
          {"rows", schema.num_rows},
          {"columns", std::move(columns)},
          {"notes", all_notes(file, schema)}};
}

}  // namespace manyshot
