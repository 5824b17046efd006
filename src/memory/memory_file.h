// Experiences in collections, in a SQLite file (docs/formats/memory.md). What a call has returned for is on disk, and
// survives the end of the process by whatever; several processes may write at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "database/database.h"
#include "memory/experience.h"

namespace manyshot::memory {

// What a collection holds.
struct CollectionState {
  OutcomeKind kind = OutcomeKind::kClass;
  uint64_t count = 0;
  int64_t last_id = 0;

  bool operator==(const CollectionState&) const = default;
};
struct CollectionSummary {
  std::string name;
  CollectionState state;
  std::string first, last;  // when remembered
};

// For one thread at a time.
class MemoryFile {
 public:
  // Opens or makes the file. Throws Error(kCorruptFile) for a file that is none of a memory or damaged, kUnsupported
  // for one of a later version, kBadInput where it cannot be written; and, as everything here, kBadInput when another
  // process keeps it for ten seconds or the disk is full.
  explicit MemoryFile(const std::string& path);

  // Adds all of them, or none; the ids they got. Throws Error(kBadInput) as experience.h does, naming the experience by
  // its place where there are several, and for outcomes of another kind than the collection has.
  std::vector<int64_t> remember(const std::string& collection, std::span<const NewExperience> experiences);
  // By id. Nothing for a collection that is not there.
  std::vector<Experience> all(const std::string& collection);
  std::optional<CollectionState> state(const std::string& collection);
  // By name.
  std::vector<CollectionSummary> collections();
  // How many were there and are gone; a collection without any is gone too.
  uint64_t forget(const std::string& collection, std::span<const int64_t> ids);
  uint64_t forget_all(const std::string& collection);

  const std::string& path() const { return database_.path(); }

 private:
  void open_schema();
  void settle_kind(const std::string& collection, OutcomeKind kind);

  Database database_;
};

}  // namespace manyshot::memory
