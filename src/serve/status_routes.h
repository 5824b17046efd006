// /v1/models, /health and /metrics: what is served, and how it is.
#pragma once

#include "serve/served_model.h"

namespace manyshot::serve {

// `served` must outlive the routes; `answer_counts` tells how many requests were answered.
std::vector<Route> status_routes(const ServedModel& served, std::function<AnswerCounts()> answer_counts);

}  // namespace manyshot::serve
