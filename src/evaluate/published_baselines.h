// The baselines of arXiv 2509.06806 as its code runs them (section 3.1.2 and the published evaluation), for setting our
// numbers beside the paper's. They differ from knn, forest and xgboost (predict/predictor.h) in this:
//   features  strings are numbered by their order among labelled rows and queries together; missing numbers become the
//             median of the labelled rows; nothing is scaled, nothing left out
//   forest    30 trees
//   xgboost   a context without labelled rows of a class that occurs among the queries is answered with the most
//             frequent label, which looks at the true labels (answers_missing_classes_with_majority)
// Since the numbering sees the queries, a query's answer depends on which others stand beside it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "predict/predictor.h"

namespace manyshot {

const std::vector<std::string>& published_baselines();  // "paper-knn", "paper-forest", "paper-xgboost"

// REQUIRES: one of published_baselines().
std::unique_ptr<Method> open_published_baseline(const std::string& name, uint64_t seed);

}  // namespace manyshot
