#include "table/arrow_text.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <iterator>

#include "core/error.h"
#include "table/date_text.h"

namespace manyshot {
namespace {

using Cells = std::vector<std::string_view>;
using Scratch = std::deque<std::string>;

template <class StringArray>
Cells views_of(const arrow::Array& array) {
  const auto& strings = static_cast<const StringArray&>(array);
  Cells cells(static_cast<size_t>(array.length()));
  for (int64_t i = 0; i < array.length(); ++i) {
    if (strings.IsNull(i)) continue;
    const std::string_view view = strings.GetView(i);
    cells[static_cast<size_t>(i)] = view.data() ? view : std::string_view("");
  }
  return cells;
}

// write(i, out) appends the text of value i.
template <class Write>
Cells written(const arrow::Array& array, Scratch& scratch, Write&& write) {
  std::string& text = scratch.emplace_back();
  std::vector<size_t> ends(static_cast<size_t>(array.length()));
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsValid(i)) write(i, text);
    ends[static_cast<size_t>(i)] = text.size();
  }
  Cells cells(ends.size());
  size_t start = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (array.IsValid(static_cast<int64_t>(i))) cells[i] = std::string_view(text).substr(start, ends[i] - start);
    start = ends[i];
  }
  return cells;
}

template <class NumberArray>
Cells numbers(const arrow::Array& array, Scratch& scratch) {
  const auto& values = static_cast<const NumberArray&>(array);
  return written(array, scratch,
                 [&](int64_t i, std::string& out) { fmt::format_to(std::back_inserter(out), "{}", values.Value(i)); });
}

template <class DecimalArray>
Cells decimals(const arrow::Array& array, Scratch& scratch) {
  const auto& values = static_cast<const DecimalArray&>(array);
  return written(array, scratch, [&](int64_t i, std::string& out) { out += values.FormatValue(i); });
}

int64_t ticks_per_second(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      return 1'000'000'000;
  }
  return 1;
}

Cells timestamps(const arrow::Array& array, Scratch& scratch) {
  const auto& values = static_cast<const arrow::TimestampArray&>(array);
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  const int64_t per_second = ticks_per_second(type.unit());
  return written(array, scratch, [&](int64_t i, std::string& out) {
    write_timestamp(values.Value(i), per_second, !type.timezone().empty(), out);
  });
}

Cells dictionary_cells(const arrow::Array& array, Scratch& scratch) {
  const auto& values = static_cast<const arrow::DictionaryArray&>(array);
  const Cells dictionary = cells_of(*values.dictionary(), scratch);
  Cells cells(static_cast<size_t>(array.length()));
  for (int64_t i = 0; i < array.length(); ++i) {
    if (values.IsValid(i)) cells[static_cast<size_t>(i)] = dictionary.at(static_cast<size_t>(values.GetValueIndex(i)));
  }
  return cells;
}

}  // namespace

bool can_be_text(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) {
    return can_be_text(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  if (type.id() == arrow::Type::EXTENSION) {
    return can_be_text(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  return type.id() == arrow::Type::NA || type.id() == arrow::Type::BOOL || arrow::is_numeric(type.id()) ||
         arrow::is_decimal(type.id()) || arrow::is_base_binary_like(type.id()) ||
         arrow::is_binary_view_like(type.id()) || type.id() == arrow::Type::FIXED_SIZE_BINARY ||
         arrow::is_date(type.id()) || type.id() == arrow::Type::TIMESTAMP;
}

std::vector<std::string_view> cells_of(const arrow::Array& array, std::deque<std::string>& scratch) {
  switch (array.type_id()) {
    case arrow::Type::NA:
      return Cells(static_cast<size_t>(array.length()));
    case arrow::Type::BOOL:
      return numbers<arrow::BooleanArray>(array, scratch);
    case arrow::Type::INT8:
      return numbers<arrow::Int8Array>(array, scratch);
    case arrow::Type::INT16:
      return numbers<arrow::Int16Array>(array, scratch);
    case arrow::Type::INT32:
      return numbers<arrow::Int32Array>(array, scratch);
    case arrow::Type::INT64:
      return numbers<arrow::Int64Array>(array, scratch);
    case arrow::Type::UINT8:
      return numbers<arrow::UInt8Array>(array, scratch);
    case arrow::Type::UINT16:
      return numbers<arrow::UInt16Array>(array, scratch);
    case arrow::Type::UINT32:
      return numbers<arrow::UInt32Array>(array, scratch);
    case arrow::Type::UINT64:
      return numbers<arrow::UInt64Array>(array, scratch);
    case arrow::Type::FLOAT:
      return numbers<arrow::FloatArray>(array, scratch);
    case arrow::Type::DOUBLE:
      return numbers<arrow::DoubleArray>(array, scratch);
    case arrow::Type::HALF_FLOAT: {
      const auto& values = static_cast<const arrow::HalfFloatArray&>(array);
      return written(array, scratch, [&](int64_t i, std::string& out) {
        fmt::format_to(std::back_inserter(out), "{}", arrow::util::Float16::FromBits(values.Value(i)).ToFloat());
      });
    }
    case arrow::Type::DECIMAL32:
      return decimals<arrow::Decimal32Array>(array, scratch);
    case arrow::Type::DECIMAL64:
      return decimals<arrow::Decimal64Array>(array, scratch);
    case arrow::Type::DECIMAL128:
      return decimals<arrow::Decimal128Array>(array, scratch);
    case arrow::Type::DECIMAL256:
      return decimals<arrow::Decimal256Array>(array, scratch);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return views_of<arrow::BinaryArray>(array);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return views_of<arrow::LargeBinaryArray>(array);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return views_of<arrow::BinaryViewArray>(array);
    case arrow::Type::FIXED_SIZE_BINARY:
      return views_of<arrow::FixedSizeBinaryArray>(array);
    case arrow::Type::DATE32: {
      const auto& values = static_cast<const arrow::Date32Array&>(array);
      return written(array, scratch, [&](int64_t i, std::string& out) { write_day(values.Value(i), out); });
    }
    case arrow::Type::DATE64: {
      const auto& values = static_cast<const arrow::Date64Array&>(array);
      return written(array, scratch,
                     [&](int64_t i, std::string& out) { write_day(values.Value(i) / 86'400'000, out); });
    }
    case arrow::Type::TIMESTAMP:
      return timestamps(array, scratch);
    case arrow::Type::DICTIONARY:
      return dictionary_cells(array, scratch);
    case arrow::Type::EXTENSION:
      return cells_of(*static_cast<const arrow::ExtensionArray&>(array).storage(), scratch);
    default:
      fail(ErrorKind::kInternal, "no text form for the Arrow type {}", array.type()->ToString());
  }
}

}  // namespace manyshot
