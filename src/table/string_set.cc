#include "table/string_set.h"

#include <algorithm>
#include <functional>

namespace manyshot {

size_t StringSet::slot_of(std::string_view text) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = std::hash<std::string_view>{}(text)&mask;
  while (slots_[slot] >= 0 && (*this)[static_cast<size_t>(slots_[slot])] != text) slot = (slot + 1) & mask;
  return slot;
}

int32_t StringSet::find(std::string_view text) const { return slots_.empty() ? -1 : slots_[slot_of(text)]; }

int32_t StringSet::insert(std::string_view text) {
  if (slots_.size() < 2 * (size() + 1)) grow();
  int32_t& number = slots_[slot_of(text)];
  if (number < 0) {
    number = static_cast<int32_t>(size());
    bytes_ += text;
    starts_.push_back(bytes_.size());
  }
  return number;
}

void StringSet::clear() {
  bytes_.clear();
  starts_.resize(1);
  std::fill(slots_.begin(), slots_.end(), -1);
}

void StringSet::grow() {
  slots_.assign(std::max<size_t>(16, 2 * slots_.size()), -1);
  for (size_t i = 0; i < size(); ++i) slots_[slot_of((*this)[i])] = static_cast<int32_t>(i);
}

}  // namespace manyshot
