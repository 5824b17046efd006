// A fixed-size array on a cache-line boundary, for kernels and their scratch memory.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace manyshot::kernels {

inline constexpr size_t kCacheLineBytes = 64;

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  // All bytes zero.
  explicit AlignedBuffer(size_t size)
      : data_(static_cast<T*>(::operator new (size * sizeof(T) + kCacheLineBytes, std::align_val_t{kCacheLineBytes}))),
        size_(size) {
    std::memset(static_cast<void*>(data_.get()), 0, size * sizeof(T) + kCacheLineBytes);
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_.get()[i]; }
  const T& operator[](size_t i) const { return data_.get()[i]; }
  operator std::span<const T>() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete (data, std::align_val_t{kCacheLineBytes}); }
  };
  std::unique_ptr<T, Free> data_;
  size_t size_ = 0;
};

}  // namespace manyshot::kernels
