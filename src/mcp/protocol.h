// What MCP's revisions say about requests: which one a request is of, and what answers look like in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "mcp/json_rpc.h"
#include "mcp/tool.h"

namespace manyshot::mcp {

inline constexpr std::string_view kStatelessRevision = "2026-07-28";
// Those that begin with "initialize", the newest first.
const std::vector<std::string>& handshake_revisions();
// All, the newest first.
std::vector<std::string> all_revisions();
// The only one in which a line may hold several messages.
bool has_batches(std::string_view revision);

// A request that cannot be answered as it stands.
struct Refusal {
  ErrorCode code;
  std::string message;
  Json data = nullptr;
};

// The revision that a request is of: its own word in "_meta", or that of the handshake before it ("": there was none).
struct RevisionOrRefusal {
  std::string revision;
  std::optional<Refusal> refusal;
};
RevisionOrRefusal revision_of(const Message& request, const std::string& handshake);

// "params._meta.progressToken" where it is text or a whole number, else null.
Json progress_token_of(const Json& params);

// Answers. `result` gets what every result of the revision has.
Json complete_result(Json result, std::string_view revision);
// REQUIRES: params has "protocolVersion", text; where it is unknown the client is offered the newest.
Json initialize_result(const Json& params, std::string_view instructions);
Json discover_result(std::string_view instructions);
Json tools_result(const std::vector<Tool>& tools, std::string_view revision);
// A tool's answer, as data and as text; what went wrong.
Json call_result(Json answer, std::string_view revision);
Json failed_call_result(const std::string& message, std::string_view revision);

}  // namespace manyshot::mcp
