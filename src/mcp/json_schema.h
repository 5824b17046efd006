// The part of JSON Schema (draft 2020-12) that our tools describe themselves in, and the check of values against it: a
// tool's arguments are declared once, for clients and for us.
#pragma once

#include <string>

#include "core/json.h"

namespace manyshot::mcp {

// Keywords: type (a name or a list), properties, required, additionalProperties (false or a schema), items, minItems,
// maxItems, maxLength, minimum, maximum, enum, anyOf; others say nothing here. Throws Error(kBadInput) naming the place
// in the value ("rows[3].x"), what is there and what was expected, for an unknown name the nearest one. `place` is
// that of the value itself, "" at the top.
void check_json(const Json& value, const Json& schema, const std::string& place = "");

}  // namespace manyshot::mcp
