// Distinct strings numbered in order of arrival, for dictionaries of cells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

class StringSet {
 public:
  size_t size() const { return starts_.size() - 1; }
  // REQUIRES: index < size(). The view lives until the next insert.
  std::string_view operator[](size_t index) const {
    return std::string_view(bytes_).substr(starts_[index], starts_[index + 1] - starts_[index]);
  }
  // The string's number, or -1.
  int32_t find(std::string_view text) const;
  // The string's number; a new one is added.
  int32_t insert(std::string_view text);
  void clear();
  // clear(), and gives the memory back.
  void release() { *this = StringSet(); }

 private:
  size_t slot_of(std::string_view text) const;  // where it is, or the free slot where it would go
  void grow();

  std::string bytes_;
  std::vector<uint64_t> starts_{0};
  std::vector<int32_t> slots_;  // open addressing, a power of two at most half full; -1: free
};

}  // namespace manyshot
