// The tools on a memory of experiences. `desk` and `workspace` must outlive the tools.
#pragma once

#include "mcp/memory_desk.h"
#include "mcp/tool.h"
#include "mcp/workspace.h"

namespace manyshot::mcp {

Tool remember_tool(MemoryDesk& desk);
Tool recall_tool(MemoryDesk& desk);
Tool predict_outcome_tool(MemoryDesk& desk, const Workspace& workspace);
Tool forget_tool(MemoryDesk& desk);
Tool memories_tool(MemoryDesk& desk);

}  // namespace manyshot::mcp
