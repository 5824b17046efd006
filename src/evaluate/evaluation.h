// An evaluation under way: tables read, models found, results at hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/shard.h"
#include "evaluate/evaluate_options.h"
#include "evaluate/evaluated_model.h"
#include "evaluate/protocol/evaluation_table.h"
#include "evaluate/protocol/protocol.h"
#include "evaluate/summary/summary.h"
#include "evaluate/unit_store.h"
#include "predict/number_predictor.h"

namespace manyshot {

struct EvaluationTables {
  std::vector<EvaluationTable> tables;
  std::vector<SkippedTable> skipped;
};

// Where an evaluation has its tables from, and where its results go. Each is called once, while it is made.
struct EvaluationPlaces {
  std::function<EvaluationTables()> read_tables;  // one at least
  std::function<std::unique_ptr<UnitStore>()> open_units;
};

class Evaluation {
 public:
  // Reads the files of options.tables and opens the ledgers of options.out. Throws Error for bad options, and when no
  // table can be used.
  Evaluation(const EvaluateOptions& options, const std::string& version);
  // The same of other places; options.tables and options.out are not read.
  Evaluation(const EvaluateOptions& options, const std::string& version, const EvaluationPlaces& places);

  // Does the units of the shard that are not there yet, model by model, baselines first: units of baselines many at a
  // time, others one after the other with all threads. What is finished when it throws is kept. Returns how many were
  // done.
  uint64_t run();

  // Of all units that are finished.
  Summary summarise();

  // Whether it is to do every unit, and not only those of a shard.
  bool is_whole() const { return shard_.count == 1; }

  // Every finished unit with predictions, by model, table, shots, seed; of classes and of numbers.
  using Visit = std::function<void(const EvaluationTable& table, const UnitRecord& record)>;
  void visit_predictions(const Visit& visit);

 private:
  struct Unit {
    size_t model, table;
    uint64_t shots, seed;
  };
  // Of what its units want.
  struct OpenModel {
    std::unique_ptr<Method> classes;
    std::unique_ptr<NumberMethod> numbers;
  };
  void keep_tables(EvaluationTables tables);
  void list_units();
  std::vector<size_t> missing_units();
  UnitKey key_of(const Unit& unit) const;
  TaskPlan plan_of(const Unit& unit) const;
  uint64_t cells_of(const Unit& unit) const;
  void do_units(size_t model, const std::vector<const Unit*>& units, const std::string& label);
  void do_unit(const Unit& unit, const OpenModel& open);
  static bool fits(const EvaluatedModel& model, const EvaluationTable& table);
  void warn_of_idle_models() const;

  void describe_run(Summary& summary) const;
  void describe_tables(Summary& summary) const;
  TableSummary describe_table(size_t place) const;
  void add_examples(Summary& summary);

  EvaluateOptions options_;
  std::string version_;
  std::vector<uint64_t> shots_, seeds_;
  Shard shard_;
  std::vector<EvaluatedModel> models_;
  std::vector<EvaluationTable> tables_;
  std::vector<TrainTestSplit> splits_;  // of tables_
  std::vector<size_t> summary_places_;  // of tables_, in Summary::tables or Summary::number_tables
  std::vector<SkippedTable> skipped_tables_;
  std::vector<ShortTable> short_tables_;
  std::vector<Unit> units_;  // by model, table, shots, seed
  std::unique_ptr<UnitStore> finished_;
};

}  // namespace manyshot
