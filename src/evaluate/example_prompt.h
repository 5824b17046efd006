// An example prompt of a table, for reports.
#pragma once

#include "evaluate/protocol/evaluation_table.h"
#include "evaluate/protocol/protocol.h"
#include "evaluate/summary/summary.h"

namespace manyshot {

// The first queries of `plan` behind its first context, as the published text form writes them. `answers` stays empty.
ExamplePrompt example_prompt(const EvaluationTable& table, const TaskPlan& plan);

// The answer of a model that gave `probabilities` [Q, K] to the queries of `plan`, in their order.
ExampleAnswer example_answer(const EvaluationTable& table, const TaskPlan& plan,
                             const std::vector<double>& probabilities);

}  // namespace manyshot
