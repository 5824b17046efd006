// What is finished of an evaluation, unit by unit: in a folder of ledgers (ledger.h), or in memory.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/json.h"

namespace manyshot {

struct UnitKey {
  std::string model, table;
  uint64_t shots = 0, seed = 0;
};

// A finished unit: predictions, or why there are none.
struct UnitRecord {
  UnitKey key;
  std::string error;            // "" when there are predictions
  bool is_permanent = true;     // an error that another attempt would meet again
  std::string finished;         // UTC
  Json facts;                   // times, contexts, AnswerReport, notes: see run_unit.h
  std::vector<uint32_t> rows;   // [Q] rows of EvaluationTable
  std::vector<double> answers;  // [Q, K] probabilities, of numbers [Q, kNumSlices] (predict/distribution.h)
};

// Safe from several threads.
class UnitStore {
 public:
  virtual ~UnitStore() = default;
  // Remembers the hash of a model or table, or compares it with what is remembered. `kind`: "model", "table". Throws
  // Error(kBadInput) when they differ.
  virtual void check_hash(const std::string& kind, const std::string& name, const std::string& hash) = 0;
  // Adds the record, or replaces the one of its key.
  virtual void add(const UnitRecord& record) = 0;
  // Whether there is a result, or an error that is permanent.
  virtual bool is_finished(const UnitKey& key) = 0;
  // The result if there is one, else the error.
  virtual std::optional<UnitRecord> find(const UnitKey& key) = 0;
};

// Of one evaluation, as long as the process has it.
class UnitsInMemory : public UnitStore {
 public:
  void check_hash(const std::string&, const std::string&, const std::string&) override {}
  void add(const UnitRecord& record) override;
  bool is_finished(const UnitKey& key) override { return find(key).has_value(); }
  std::optional<UnitRecord> find(const UnitKey& key) override;

 private:
  using Key = std::tuple<std::string, std::string, uint64_t, uint64_t>;
  static Key key_of(const UnitKey& key) { return {key.model, key.table, key.shots, key.seed}; }

  std::mutex mutex_;
  std::map<Key, UnitRecord> units_;
};

}  // namespace manyshot
