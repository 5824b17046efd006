// The ensemble that a compact model's plan asks for, and what it means for large tables in the user's words.
#pragma once

#include <string>
#include <vector>

#include "predict/ensemble.h"
#include "predict/prompt_plan.h"

namespace manyshot {

EnsembleShape ensemble_shape(const PromptPlan& plan, int members);

// Adds a note of how many members there are where the user gave no number.
void describe_members(const PromptPlan& plan, size_t num_rows, size_t num_features, std::vector<std::string>& notes);

// Adds a note where members see parts of the rows, and one where they see parts of the columns.
void describe_ensemble(const EnsembleShape& shape, size_t num_rows, size_t num_features,
                       std::vector<std::string>& notes);

}  // namespace manyshot
