// What a server offers: a function with a name, a description of what it takes and gives, for programs and for the
// language models behind them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace manyshot::mcp {

// What a call can tell while it works: how far it is, of how much, and what it does.
using TellProgress = std::function<void(double progress, double total, std::string_view message)>;

struct Tool {
  std::string name, title, description;
  Json input_schema, output_schema;  // mcp/json_schema.h; of objects
  bool is_read_only = true;
  bool is_destructive = false;
  // `arguments` keep to input_schema, without those that are null. The answer keeps to output_schema; its "summary"
  // says it in a sentence, and what is logged meanwhile joins its "notes". An Error is told to the caller.
  std::function<Json(const Json& arguments, const TellProgress& tell)> call;
};

}  // namespace manyshot::mcp
