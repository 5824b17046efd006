// What is wrong with a response of an endpoint: whether it may pass by itself, and what the user can do.
#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "core/json.h"
#include "evaluate/endpoint/endpoint_options.h"
#include "evaluate/endpoint/http_client.h"

namespace manyshot {

struct ResponseProblem {
  ErrorKind kind = ErrorKind::kUnavailable;
  std::string found;      // "status 503: overloaded"
  std::string next_step;  // "look at the server's log"
  bool may_pass = false;  // sending the request again may help
};

// The problem with `response`; nothing when it is JSON with a choice, which is then moved to `json`.
// `reached_before`: the endpoint has answered earlier, so that one which is away now may come back.
std::optional<ResponseProblem> find_problem(const HttpResponse& response, const EndpointOptions& options,
                                            bool reached_before, Json& json);

}  // namespace manyshot
