#include "table/from_columns.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "table/cell_values.h"
#include "table/date_text.h"
#include "table/table_reader.h"

namespace manyshot {
namespace {

// A struct of the interface, released at the end.
template <class Struct>
struct Released : Struct {
  Released() : Struct{} {}
  ~Released() {
    if (this->release != nullptr) this->release(this);
  }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
};

void check_stream(int status, ArrowArrayStream& stream, const std::string& name) {
  if (status == 0) return;
  const char* reason = stream.get_last_error(&stream);
  fail(ErrorKind::kUnavailable, "{}: the stream of columns ends with an error: {}", name,
       reason != nullptr ? reason : std::strerror(status));
}

template <class T>
const T* buffer(const ArrowArray& array, int64_t index) {
  return static_cast<const T*>(array.buffers[index]);
}

bool bit(const void* bits, int64_t index) { return static_cast<const uint8_t*>(bits)[index / 8] >> (index % 8) & 1; }

// Appends the value at a place of the array's buffers to a text; places count from the buffers' beginning.
using WriteValue = std::function<void(const ArrowArray& array, int64_t place, std::string& out)>;

template <class T>
void write_number(const ArrowArray& array, int64_t place, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}", buffer<T>(array, 1)[place]);
}

// IEEE 754 binary16.
float half_to_float(uint16_t bits) {
  const float sign = bits >> 15 != 0 ? -1.0f : 1.0f;
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

template <class Offset>
void write_string(const ArrowArray& array, int64_t place, std::string& out) {
  const Offset* offsets = buffer<Offset>(array, 1);
  const auto size = static_cast<size_t>(offsets[place + 1] - offsets[place]);
  if (size > 0) out.append(buffer<char>(array, 2) + offsets[place], size);
}

// A view is 16 bytes: the length, then up to 12 bytes, or the first four, the index of a buffer and an offset in it.
void write_string_view(const ArrowArray& array, int64_t place, std::string& out) {
  const char* view = buffer<char>(array, 1) + 16 * place;
  int32_t length, index, offset;
  std::memcpy(&length, view, 4);
  if (length <= 12) {
    out.append(view + 4, static_cast<size_t>(length));
    return;
  }
  std::memcpy(&index, view + 8, 4);
  std::memcpy(&offset, view + 12, 4);
  out.append(buffer<char>(array, 2 + index) + offset, static_cast<size_t>(length));
}

std::optional<int64_t> ticks_per_second(std::string_view format) {
  if (format.starts_with("tss:")) return 1;
  if (format.starts_with("tsm:")) return 1'000;
  if (format.starts_with("tsu:")) return 1'000'000;
  if (format.starts_with("tsn:")) return 1'000'000'000;
  return std::nullopt;
}

WriteValue number_writer(char format) {
  switch (format) {
    case 'c':
      return write_number<int8_t>;
    case 'C':
      return write_number<uint8_t>;
    case 's':
      return write_number<int16_t>;
    case 'S':
      return write_number<uint16_t>;
    case 'i':
      return write_number<int32_t>;
    case 'I':
      return write_number<uint32_t>;
    case 'l':
      return write_number<int64_t>;
    case 'L':
      return write_number<uint64_t>;
    case 'f':
      return write_number<float>;
    case 'g':
      return write_number<double>;
    case 'e':
      return [](const ArrowArray& array, int64_t place, std::string& out) {
        fmt::format_to(std::back_inserter(out), "{}", half_to_float(buffer<uint16_t>(array, 1)[place]));
      };
    case 'b':
      return [](const ArrowArray& array, int64_t place, std::string& out) {
        out += bit(array.buffers[1], place) ? "true" : "false";
      };
    case 'u':
      return write_string<int32_t>;
    case 'U':
      return write_string<int64_t>;
    default:
      return nullptr;
  }
}

// Null for types that are no single value, or none that is read.
WriteValue value_writer(std::string_view format) {
  if (format == "n") return [](const ArrowArray&, int64_t, std::string&) {};
  if (format == "vu") return write_string_view;
  if (format == "tdD") {
    return [](const ArrowArray& array, int64_t place, std::string& out) {
      write_day(buffer<int32_t>(array, 1)[place], out);
    };
  }
  if (format == "tdm") {
    return [](const ArrowArray& array, int64_t place, std::string& out) {
      const int64_t ms = buffer<int64_t>(array, 1)[place], per_day = 86'400'000;
      write_day(ms / per_day - (ms % per_day < 0 ? 1 : 0), out);
    };
  }
  if (const auto per_second = ticks_per_second(format)) {
    return [per_second = *per_second, has_zone = format.size() > 4](const ArrowArray& array, int64_t place,
                                                                    std::string& out) {
      write_timestamp(buffer<int64_t>(array, 1)[place], per_second, has_zone, out);
    };
  }
  return format.size() == 1 ? number_writer(format.front()) : nullptr;
}

bool is_null(const ArrowArray& array, int64_t place) {
  return array.n_buffers > 0 && array.buffers[0] != nullptr && !bit(array.buffers[0], place);
}

int64_t dictionary_index(const ArrowArray& array, char format, int64_t place) {
  switch (format) {
    case 'c':
      return buffer<int8_t>(array, 1)[place];
    case 'C':
      return buffer<uint8_t>(array, 1)[place];
    case 's':
      return buffer<int16_t>(array, 1)[place];
    case 'S':
      return buffer<uint16_t>(array, 1)[place];
    case 'i':
      return buffer<int32_t>(array, 1)[place];
    case 'I':
      return buffer<uint32_t>(array, 1)[place];
    default:
      return buffer<int64_t>(array, 1)[place];
  }
}

// How the values of one column become cells.
class ColumnReader {
 public:
  ColumnReader(const ArrowSchema& schema, const std::string& table, size_t number)
      : place_(fmt::format("{}: column {} \"{}\"", table, number, excerpt(schema.name != nullptr ? schema.name : ""))),
        index_format_(schema.dictionary != nullptr ? schema.format[0] : '\0') {
    const std::string_view format = schema.dictionary != nullptr ? schema.dictionary->format : schema.format;
    write_ = value_writer(format);
    is_text_ = format == "u" || format == "U" || format == "vu";
    if (write_ && (schema.dictionary == nullptr || schema.dictionary->dictionary == nullptr)) return;
    fail(ErrorKind::kUnsupported,
         "{} has the Arrow type \"{}\", which is no bool, number, text, date or timestamp; leave it out, or turn it "
         "into "
         "one of these",
         place_, excerpt(format));
  }

  bool is_text() const { return is_text_; }

  // Adds rows [0, count) that begin `offset` rows into the array, and takes their text from `bytes_left`.
  void add(const ArrowArray& array, int64_t offset, int64_t count, TextColumn& column, uint64_t& bytes_left) const {
    std::string text;
    for (int64_t row = 0; row < count; ++row) {
      text.clear();
      const bool is_missing = !write_cell(array, array.offset + offset + row, text) || is_blank(text) ||
                              (!is_text_ && is_missing_word(text));
      if (find_invalid_utf8(text)) {
        fail(ErrorKind::kBadInput, "{}, row {} (counted from 0): \"{}\" is not UTF-8 text", place_, column.ends.size(),
             excerpt(text));
      }
      if (text.size() > bytes_left)
        fail(ErrorKind::kBadInput, "{}: the cells are too much text; send fewer rows at a time", place_);
      bytes_left -= text.size();
      column.add(is_missing ? std::string_view() : std::string_view(text));
    }
  }

 private:
  // Returns false for a null.
  bool write_cell(const ArrowArray& array, int64_t place, std::string& text) const {
    if (is_null(array, place)) return false;
    if (index_format_ == '\0') {
      if (array.n_buffers == 0) return false;  // of the type null
      write_(array, place, text);
      return true;
    }
    const ArrowArray& dictionary = *array.dictionary;
    const int64_t index = dictionary_index(array, index_format_, place);
    if (index < 0 || index >= dictionary.length)
      fail(ErrorKind::kBadInput, "{}: index {} of a dictionary of {} values", place_, index, dictionary.length);
    if (is_null(dictionary, dictionary.offset + index)) return false;
    write_(dictionary, dictionary.offset + index, text);
    return true;
  }

  std::string place_;
  char index_format_;
  WriteValue write_;
  bool is_text_ = false;
};

}  // namespace

TextTable read_columns(ArrowArrayStream& stream, const std::string& name, uint64_t most_text_bytes) {
  Released<ArrowSchema> schema;
  check_stream(stream.get_schema(&stream, &schema), stream, name);
  if (std::string_view(schema.format) != "+s" || schema.n_children == 0) {
    fail(ErrorKind::kBadInput,
         "{}: a table is a struct of columns, and this is of the Arrow type \"{}\" with {} columns", name,
         excerpt(schema.format), schema.n_children);
  }
  check_column_count(name, static_cast<size_t>(schema.n_children));
  TextTable table;
  std::vector<ColumnReader> readers;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& column = *schema.children[i];
    readers.emplace_back(column, name, static_cast<size_t>(i + 1));
    const std::string column_name = column.name != nullptr ? column.name : "";
    if (find_invalid_utf8(column_name))
      fail(ErrorKind::kBadInput, "{}: the name of column {} is not UTF-8", name, i + 1);
    table.columns.push_back({.name = column_name, .is_text = readers.back().is_text()});
  }
  for (;;) {
    check_interrupted();
    Released<ArrowArray> batch;
    check_stream(stream.get_next(&stream, &batch), stream, name);
    if (batch.release == nullptr) return table;
    if (batch.n_children != schema.n_children)
      fail(ErrorKind::kBadInput, "{}: a batch of {} columns, and the schema has {}", name, batch.n_children,
           schema.n_children);
    for (int64_t i = 0; i < batch.n_children; ++i)
      readers[static_cast<size_t>(i)].add(*batch.children[i], batch.offset, batch.length,
                                          table.columns[static_cast<size_t>(i)], most_text_bytes);
    table.num_rows += static_cast<size_t>(batch.length);
  }
}

}  // namespace manyshot
