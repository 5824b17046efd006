// POST /v1/fit and /v1/predict; GET and DELETE /v1/fits/NAME, GET /v1/fits.
#pragma once

#include <vector>

#include "serve/served_tables.h"

namespace manyshot::serve {

// REQUIRES: `served` outlives the routes.
std::vector<Route> table_routes(ServedTables& served);

}  // namespace manyshot::serve
