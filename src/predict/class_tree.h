// More classes than a model tells apart at once: a balanced tree of decisions, each among at most as many groups of
// classes, as TabICL has it for more than ten (Qu et al. 2025, arXiv 2502.05564). A class's probability is the product
// along its path; a decision's context holds the labelled rows of its classes alone, and it is asked about the queries
// that get to it with a probability of 0.001 or more (its frequencies are enough for the others).
#pragma once

#include <functional>
#include <memory>

#include "predict/predictor.h"

namespace manyshot {

// Fits one decision: labels are groups of classes, or classes.
using FitDecision = std::function<std::unique_ptr<Predictor>(const LabelledTable&)>;

// Classes are grouped in their order, so that neighbours of an ordered target stay together; those without labelled
// rows take no part. Columns of another model's class shares (Column::share_of) become shares of the groups. A decision
// whose labelled rows no column tells apart is made by their frequencies. REQUIRES: most_classes >= 2, and more classes
// than that.
std::unique_ptr<Predictor> fit_class_tree(const LabelledTable& shots, size_t most_classes, const FitDecision& fit);

}  // namespace manyshot
