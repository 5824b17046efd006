// A view of rows of values at a fixed distance from each other.
#pragma once

#include <cstddef>
#include <type_traits>

namespace manyshot::kernels {

// Row r begins at data + r * stride. Does not own its memory; how many rows there are stands beside it.
template <class T>
struct Rows {
  T* data = nullptr;
  size_t stride = 0;

  T* operator[](size_t row) const { return data + row * stride; }
  // The rows from `row` on, without their first `column` values.
  Rows from(size_t row, size_t column = 0) const { return {data + row * stride + column, stride}; }
  operator Rows<const T>() const requires(!std::is_const_v<T>) { return {data, stride}; }
};

}  // namespace manyshot::kernels
