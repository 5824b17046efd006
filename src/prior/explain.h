// How a task came about, as JSON and as a Graphviz drawing.
#pragma once

#include <string>

#include "core/json.h"
#include "prior/options.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// {"task", "prior", "rows", "features", target_facts(), "rejections", "hyper_parameters", "details",
//  "graph": {"nodes": [{"id", "kind", "equation"}], "edges": [{"from", "to", "weight"?}]},
//  "columns": [{"name", "kind", "levels"?, "missing", "offset", "scale", "source", "rule"}], "label": {"source",
//  "rule"}, "options"}; docs/formats/tasks.md has the details.
Json explanation_json(const Task& task, const Notes& notes, const PriorOptions& options);

// The same as a digraph for `dot`: nodes with their equations, columns and label as boxes at the bottom.
std::string explanation_dot(const Json& explanation);

}  // namespace manyshot::prior
