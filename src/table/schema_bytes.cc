#include "table/schema_bytes.h"

#include "table/table_file.h"

namespace manyshot {
namespace {

template <class E>
void write_enum(ByteWriter& writer, E value) {
  writer.number(static_cast<uint8_t>(value));
}
template <class E>
E read_enum(ByteReader& reader, E last) {
  const auto value = reader.number<uint8_t>();
  if (value > static_cast<uint8_t>(last)) reader.refuse("names a kind that is not there");
  return static_cast<E>(value);
}

bool read_flag(ByteReader& reader) { return reader.number<uint8_t>() != 0; }

void write_column(ByteWriter& writer, const ColumnSchema& column) {
  writer.text(column.name);
  write_enum(writer, column.type);
  writer.number<uint64_t>(column.categories.size());
  for (const std::string& category : column.categories) writer.text(category);
  writer.number(column.minimum);
  writer.number(column.maximum);
  writer.number<uint64_t>(column.gap_marks.size());
  for (const GapMark& mark : column.gap_marks) writer.text(mark.spelling);
  const NumberStyle& style = column.number_style;
  write_enum(writer, style.decimal);
  writer.number<uint8_t>(style.extended);
  write_enum(writer, style.grouping);
  write_enum(writer, style.quantity);
  writer.text(style.unit);
  writer.number<uint8_t>(column.decimal_mark_open);
  write_enum(writer, column.date_order);
  writer.number<uint8_t>(column.date_order_open);
  writer.number<uint8_t>(column.is_typed_text);
}

ColumnSchema read_column(ByteReader& reader) {
  ColumnSchema column{.name = std::string(reader.text())};
  column.type = read_enum(reader, ColumnType::kText);
  for (size_t i = reader.count(sizeof(uint64_t)); i > 0; --i) column.categories.emplace_back(reader.text());
  column.minimum = reader.number<double>();
  column.maximum = reader.number<double>();
  for (size_t i = reader.count(sizeof(uint64_t)); i > 0; --i)
    column.gap_marks.push_back({.spelling = std::string(reader.text())});
  NumberStyle& style = column.number_style;
  style.decimal = read_enum(reader, DecimalMark::kComma);
  style.extended = read_flag(reader);
  style.grouping = read_enum(reader, Grouping::kIndian);
  style.quantity = read_enum(reader, Quantity::kClock);
  style.unit = reader.text();
  column.decimal_mark_open = read_flag(reader);
  column.date_order = read_enum(reader, DateOrder::kYearFirst);
  column.date_order_open = read_flag(reader);
  column.is_typed_text = read_flag(reader);
  return column;
}

}  // namespace

void write_schema(ByteWriter& writer, const Schema& schema) {
  writer.number<uint64_t>(schema.num_rows);
  writer.number<uint64_t>(schema.columns.size());
  for (const ColumnSchema& column : schema.columns) write_column(writer, column);
}

Schema read_schema(ByteReader& reader) {
  Schema schema{.num_rows = reader.number<uint64_t>()};
  const size_t num_columns = reader.count(sizeof(uint64_t));
  if (num_columns > kMaxColumns) reader.refuse("has too many columns");
  for (size_t i = 0; i < num_columns; ++i) schema.columns.push_back(read_column(reader));
  return schema;
}

}  // namespace manyshot
