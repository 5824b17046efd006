// /v1/models, /health and /metrics: what is served, and how it is.
#pragma once

#include <atomic>

#include "serve/served_model.h"
#include "serve/served_tables.h"

namespace manyshot::serve {

// What the routes tell of; it must outlive them.
struct ServedState {
  const ServedModel& model;  // may be without one
  const ServedTables& tables;
  const std::atomic<bool>& is_stopping;
};

// `answer_counts` tells how many requests were answered.
std::vector<Route> status_routes(const ServedState& served, std::function<AnswerCounts()> answer_counts);

}  // namespace manyshot::serve
