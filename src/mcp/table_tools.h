// The tools that work on tables. Numbers are those of the command line. `workspace` must outlive the tools.
#pragma once

#include <vector>

#include "mcp/tool.h"
#include "mcp/workspace.h"

namespace manyshot::mcp {

Tool load_table_tool(Workspace& workspace);
Tool fit_tool(Workspace& workspace);
Tool predict_tool(Workspace& workspace);
Tool evaluate_tool(Workspace& workspace);

}  // namespace manyshot::mcp
