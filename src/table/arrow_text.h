// Values of Arrow arrays as the text that a CSV file would have. For the .cc files of table/ only.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace manyshot {

// True for the types that cells_of() can write: null, booleans, integers, floats, decimals, strings and binary, dates,
// timestamps, and dictionaries of these.
bool can_be_text(const arrow::DataType& type);

// A cell for each value of `array`; nulls have data() == nullptr. Strings are views into the array, everything else
// into `scratch`, which grows. Floats are written by the shortest text that reads back equal, timestamps as
// 2024-02-29T13:05:09.25, with Z if the type has a time zone. REQUIRES: can_be_text(*array.type()).
std::vector<std::string_view> cells_of(const arrow::Array& array, std::deque<std::string>& scratch);

}  // namespace manyshot
