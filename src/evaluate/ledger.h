// The units that have been evaluated, in a SQLite file: one row for each finished (model, table, shots, seed), written
// in one transaction. So a run that is killed loses at most what it was working on, and the same command goes on from
// there. Format: docs/formats/evaluation.md.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "database/database.h"
#include "evaluate/unit_store.h"

namespace manyshot {

class Ledger {
 public:
  // Opens or makes the file. `options` are those that results depend on. Throws Error(kBadInput) naming what differs
  // when it was made with other options or another version, or when another process has it open; kCorruptFile for other
  // files.
  Ledger(const std::string& path, const std::string& version, const Json& options);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  const std::string& path() const { return database_.path(); }
  // Remembers the hash of a model or table, or compares it with what is remembered. `kind`: "model", "table". Throws
  // Error(kBadInput) when they differ.
  void check_hash(const std::string& kind, const std::string& name, const std::string& hash);

  // Adds the record, or replaces the one of its key. Safe from several threads, as are the others. Throws
  // Error(kBadInput) when the disk is full.
  void add(const UnitRecord& record);
  // Whether there is a result, or an error that is permanent.
  bool is_finished(const UnitKey& key);
  std::optional<UnitRecord> find(const UnitKey& key);

 private:
  void check_header(const std::string& version, const Json& options);
  std::optional<std::string> find_fact(const std::string& name);
  void put_fact(const std::string& name, const std::string& value);

  std::mutex mutex_;
  Database database_;
};

// The ledgers of a folder: those of shards, and that of the run at hand, to which new units go.
class LedgerFolder : public UnitStore {
 public:
  // `shard_name`: "" for a run of everything, which sees all ledgers of the folder; else, as "0-of-8", the one of a
  // shard, which sees only its own.
  LedgerFolder(const std::string& folder, const std::string& shard_name, const std::string& version,
               const Json& options);

  void check_hash(const std::string& kind, const std::string& name, const std::string& hash) override;
  void add(const UnitRecord& record) override { ledgers_.front()->add(record); }
  bool is_finished(const UnitKey& key) override;
  std::optional<UnitRecord> find(const UnitKey& key) override;

 private:
  std::vector<std::unique_ptr<Ledger>> ledgers_;  // our own first
};

}  // namespace manyshot
