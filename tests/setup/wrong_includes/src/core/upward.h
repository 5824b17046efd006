// Includes a folder that comes later; [brackets]; semicolons; and a backslash \ must not upset the line count.

#include <string>
#include "core/error.h"
#include "table/table.h"
