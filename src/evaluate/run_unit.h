// One unit of an evaluation: a model on a table's queries behind a number of labelled rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "evaluate/evaluated_model.h"
#include "evaluate/protocol/evaluation_table.h"
#include "evaluate/protocol/protocol.h"
#include "evaluate/unit_store.h"
#include "predict/answer_report.h"
#include "predict/number_predictor.h"

namespace manyshot {

// What is kept of a unit beside its predictions.
struct UnitFacts {
  double fit_s = 0, predict_s = 0;
  uint64_t contexts = 0;
  uint64_t one_class_contexts = 0;
  AnswerReport answers;
  std::vector<std::string> notes;
};
Json to_json(const UnitFacts& facts);
UnitFacts unit_facts_from_json(const Json& json);

// Fits and asks the model for each context of `plan`. Labelled rows of one class only leave nothing to tell apart: they
// are answered with that class, without the model. An Error becomes UnitRecord::error, but for kInterrupted and
// kOutOfMemory, which are thrown on. Safe from several threads for single_threaded models and endpoints. The time of
// the day is left to the caller.
UnitRecord run_unit(const EvaluatedModel& model, const Method& method, const EvaluationTable& table,
                    const TaskPlan& plan, uint64_t shots, uint64_t seed);
// The same of a table whose target is a number.
UnitRecord run_number_unit(const EvaluatedModel& model, const NumberMethod& method, const EvaluationTable& table,
                           const TaskPlan& plan, uint64_t shots, uint64_t seed);

}  // namespace manyshot
