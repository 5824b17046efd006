// JSON-RPC 2.0 as MCP has it: one message a line, in UTF-8 (jsonrpc.org/specification; modelcontextprotocol.io,
// "Messages").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace manyshot::mcp {

// Those of JSON-RPC, and MCP's own; they reach the client.
enum class ErrorCode {
  kParse = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kInternal = -32603,
  kUnsupportedVersion = -32022,
};

enum class MessageKind {
  kRequest,       // wants an answer
  kNotification,  // wants none
  kResponse,      // to a request of ours; there are none
  kProblem,       // no message at all
};

struct Message {
  MessageKind kind = MessageKind::kProblem;
  Json id;             // of a request text or a whole number; of a problem as far as it could be read, else null
  std::string method;  // of requests and notifications
  Json params = Json::object();                 // likewise
  ErrorCode code = ErrorCode::kInvalidRequest;  // of a problem, as is what follows
  std::string problem;
};

// What a line says. A batch, a list of messages, was part of some revisions.
struct Line {
  std::vector<Message> messages;
  bool is_batch = false;
};

// Any bytes are read: what is no message becomes a problem. `line` is without its end.
Line read_line(std::string_view line);

Json make_result(const Json& id, Json result);
Json make_error(const Json& id, ErrorCode code, const std::string& message, Json data = nullptr);
Json make_notification(std::string_view method, Json params);
// On one line, without its end, in UTF-8.
std::string to_line(const Json& message);

}  // namespace manyshot::mcp
