// GET /: the page, one file that asks this server alone; and the table that it shows as an example.
#pragma once

#include <vector>

#include "serve/http_server.h"

namespace manyshot::serve {

std::vector<Route> page_routes();

}  // namespace manyshot::serve
