// POST /v1/inspect: what is understood of a table, and of a target in it. POST /v1/prompt: what a model sees of a fit.
#pragma once

#include <string>
#include <vector>

#include "serve/served_tables.h"
#include "table/schema.h"

namespace manyshot::serve {

// The column that is most likely to be predicted: one that is called target, label, class or the like; else the only
// one that has gaps and is a class, whose empty cells are likely what is asked for; else the last one that could be.
std::string guess_target(const Schema& schema);

// REQUIRES: `served` outlives the routes.
std::vector<Route> inspect_routes(ServedTables& served);

}  // namespace manyshot::serve
