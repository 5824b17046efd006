// A page to look at tasks: the graph behind each, how its columns are spread and correlated, and how the classes lie in
// them.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "prior/options.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// Self-contained HTML (report/html.h). `tasks` and their explanations (Prior::explain) belong together, at least one.
std::string gallery_page(const std::vector<Task>& tasks, const std::vector<Json>& explanations,
                         const PriorOptions& options);

}  // namespace manyshot::prior
