#include "evaluate/unit_store.h"

namespace manyshot {

void UnitsInMemory::add(const UnitRecord& record) {
  const std::lock_guard lock(mutex_);
  units_.insert_or_assign(key_of(record.key), record);
}

std::optional<UnitRecord> UnitsInMemory::find(const UnitKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = units_.find(key_of(key));
  return found == units_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace manyshot
