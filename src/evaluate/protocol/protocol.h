// Which rows are shown with their labels and which are asked for. Source: arXiv 2509.06806, section 3.1, and the code
// published with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "evaluate/protocol/evaluation_table.h"
#include "predict/number_target.h"
#include "predict/select_rows.h"

namespace manyshot {

enum class Protocol {
  kPaper,  // the published splits, with new labelled rows for every 50 queries
  kFixed,  // one draw of labelled rows for all queries of a table
};
constexpr auto names_of(Protocol) {
  return std::to_array<Named<Protocol>>({{Protocol::kPaper, "paper"}, {Protocol::kFixed, "fixed"}});
}

struct ProtocolOptions {
  Protocol kind = Protocol::kPaper;
  Selection select = Selection::kRandom;
  std::optional<uint64_t> max_queries;
  std::string target;
  TaskKind task = TaskKind::kAuto;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("protocol", self.kind, any_value(),
      "paper: the published splits, row for row, with new labelled rows for every 50 queries; fixed: one draw of "
      "labelled rows for all queries of a table.");
    v("select", self.select, any_value(), "Protocol fixed: how labelled rows are drawn.");
    v("max_queries", self.max_queries, at_least(1), "Ask for the first test rows only; without it for all of them.");
    v("target", self.target, any_value(), "Column to predict; without it the column \"label\", else the last.");
    v("task", self.task, any_value(),
      "Whether targets are classes or numbers; auto: as predict finds it of each table.");
  }
};

inline constexpr uint32_t kQueriesPerContext = 50;  // of protocol paper

// Rows of a table: the training part and the test part, in the order in which they were drawn.
struct TrainTestSplit {
  std::vector<uint32_t> train, test;
};
// scikit-learn's train_test_split(test_size=0.2, random_state=42) of num_rows rows, for both protocols.
TrainTestSplit train_test_split(uint32_t num_rows);

// Labelled rows in prompt order, and the queries behind them.
struct ContextPlan {
  std::vector<uint32_t> shots, queries;
};
struct TaskPlan {
  std::vector<uint32_t> columns;  // in prompt order
  std::vector<ContextPlan> contexts;
};

// The contexts of `table` with `shots` labelled rows each.
//   paper  queries in chunks of 50; chunk i's labelled rows are pandas' sample(n=shots, random_state=42 + i) of the
//          training part, shuffled by sample(frac=1, random_state=seed); columns shuffled by Python's random.seed(seed)
//   fixed  one context: `shots` rows by select_rows (predict/select_rows.h) with Rng(seed); columns as in the file
// Queries are the first max_queries of the test part. REQUIRES: shots <= rows of the training part; seed < 2^32.
TaskPlan plan_task(const EvaluationTable& table, const TrainTestSplit& split, const ProtocolOptions& options,
                   uint64_t shots, uint64_t seed);

}  // namespace manyshot
