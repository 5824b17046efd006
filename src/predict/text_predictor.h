// Language models as predictors: text prompts, and answers that are scored or written.
#pragma once

#include <memory>
#include <optional>

#include "model/model.h"
#include "predict/predictor.h"
#include "predict/prompt_plan.h"

namespace manyshot {

// options.answers
//   scored      each query is a branch of its own behind the context, and the probability of each class is that of its
//   label in the
//               forced JSON; a query's answer depends on nothing but the context.
//   sequential  the model writes the JSON of up to 50 queries, most likely token first, as in arXiv 2509.06806,
//   section 2.5 (the query's
//               neighbours matter, by nature). Answers are parsed by id, then by position; where none is usable, the
//               label probabilities at the query's place count, and without those the labelled rows' majority. A
//               class's probability is that of its label at its place.
// Members' probabilities are summed (section 2.5).
//
// A query that is too long for the model's window is an Error(kBadInput) of predict(); find_long_text_query names it
// before.
std::unique_ptr<Predictor> make_text_predictor(std::shared_ptr<const Model> model, const PromptPlan& plan,
                                               const LabelledTable& shots);

// The first of `queries` that does not fit the model's window behind the labelled rows. The model computes nothing.
std::optional<LongQuery> find_long_text_query(const Model& model, const PromptPlan& plan, const LabelledTable& shots,
                                              const Table& queries);

}  // namespace manyshot
