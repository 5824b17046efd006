// /v1/completions: texts behind prompts, and the log-probabilities of prompts themselves (echo).
#pragma once

#include "serve/served_model.h"

namespace manyshot::serve {

// `served` must outlive the routes.
std::vector<Route> completion_routes(const ServedModel& served);

}  // namespace manyshot::serve
