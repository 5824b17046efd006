// Arguments that the tools on tables have in common: which rows, which task, which model. Of each the command line's
// option.
#pragma once

#include "core/json.h"
#include "mcp/workspace.h"
#include "predict/predict_file.h"

namespace manyshot::mcp {

inline constexpr size_t kMostInlineRows = 10'000;

// Their schemas, by name; and one for an argument that names a table.
Json task_properties();
Json table_reference(const std::string& what);
Json inline_rows(const std::string& what);

// Rows that were given as objects.
TableSource source_of_rows(const Json& rows, const std::string& name);
// A model by its name, or the path of one. Throws Error(kNotFound) for an unknown one, kBadInput for a path outside the
// root.
std::string checked_model(const std::string& model, const Workspace& workspace);
// What the arguments ask of the rows of `train`. Throws Error(kNotFound) for an unknown model, kBadInput for the path
// of one outside the root.
PredictOptions predict_options(const Json& arguments, const TableSource& train, const Workspace& workspace);

// The text of an argument, "" without it.
std::string text_of(const Json& arguments, const char* name);

}  // namespace manyshot::mcp
