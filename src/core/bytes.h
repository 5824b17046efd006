// Numbers and texts as bytes of a file of ours: little-endian, one after the other; and a sum that tells whether they
// are as they were written.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.h"

namespace manyshot {

static_assert(std::endian::native == std::endian::little, "numbers are written as they stand in memory");

template <class T>
concept PlainNumber = std::is_arithmetic_v<T>;

class ByteWriter {
 public:
  template <PlainNumber T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  template <PlainNumber T>
  void numbers(std::span<const T> values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  // How many there are, then they.
  template <PlainNumber T>
  void list(const std::vector<T>& values) {
    number<uint64_t>(values.size());
    numbers(std::span<const T>(values));
  }
  void text(std::string_view value) {
    number<uint64_t>(value.size());
    bytes_.append(value);
  }
  void reserve(size_t size) { bytes_.reserve(size); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what a ByteWriter wrote. Every size is compared with the bytes that are left before memory is taken. All throw
// Error(kCorruptFile) that begins with `place`, such as "a.msfit: part \"rows\"".
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string place) : rest_(bytes), place_(std::move(place)) {}

  template <PlainNumber T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  template <PlainNumber T>
  void numbers(std::span<T> values) {
    if (values.empty()) return;  // its data may be null
    std::memcpy(values.data(), take(values.size_bytes()).data(), values.size_bytes());
  }
  template <PlainNumber T>
  std::vector<T> list() {
    return block<T>(count(sizeof(T)));
  }
  std::string_view text() { return take(number<uint64_t>()); }
  // So many numbers, without their count.
  template <PlainNumber T>
  std::vector<T> block(size_t size) {
    if (size > rest_.size() / sizeof(T)) refuse("ends early");
    std::vector<T> values(size);
    numbers(std::span<T>(values));
    return values;
  }
  // A number of things that take at least `least_bytes` each.
  size_t count(size_t least_bytes) {
    const auto number_of = number<uint64_t>();
    if (number_of > rest_.size() / least_bytes) refuse("ends early");
    return number_of;
  }
  const std::string& place() const { return place_; }
  void expect_end() const {
    if (!rest_.empty()) refuse("has bytes that do not belong to it");
  }
  [[noreturn]] void refuse(std::string_view problem) const {
    fail(ErrorKind::kCorruptFile, "{} {}; the file is damaged", place_, problem);
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) refuse("ends early");
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }

  std::string_view rest_;
  std::string place_;
};

// A sum of bytes against damage, not against forgery. They are read as little-endian words of 64 bits, filled up with
// zeros to a multiple of four words; word i goes to lane i % 4, whose sum becomes
// rotl((sum ^ word) * 0x9E3779B97F4A7C15, 29). The lanes begin at 0, 1, 2 and 3, and go, in order and before the number
// of bytes, into a last sum that begins at 0. Each step is one to one, so that a change of a single word always shows.
uint64_t checksum_of(std::string_view bytes);
template <PlainNumber T>
uint64_t checksum_of(std::span<const T> values) {
  return checksum_of(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
}

}  // namespace manyshot
