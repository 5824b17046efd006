// An HTTP server: routes in a table, limits, and errors as JSON. The only code that sees cpp-httplib.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace manyshot::serve {

struct Request {
  std::string method, path;        // without what follows a "?"
  std::vector<std::string> parts;  // of the path, that the route's pattern has in parentheses
  // What follows the "?", decoded, in its order; a name without "=" has the value "".
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::string host, origin, authorization, content_type, accept;  // headers; "" where absent
  // Whether the client has closed its connection.
  std::function<bool()> is_gone;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  // In place of `body`: gives the next piece when it is there ("": not yet, within about a second), nothing at the end.
  // Destroyed when the client has it all, or has gone.
  std::function<std::optional<std::string>()> next;
};

struct Route {
  std::string method;   // "GET", "POST" or "DELETE"
  std::string pattern;  // a regular expression for the whole path
  std::function<Response(const Request&)> answer;
};

// JSON as an answer; bytes that are no UTF-8 are replaced.
Response json_response(const Json& json);
// {"error": {"message": …, "type": …, "param": null, "code": null}}, as OpenAI's API has it.
Response error_response(int status, const std::string& message);
// kBadInput and its like become 400, kNotFound 404, kUnavailable 429 with Retry-After (a full queue), kInterrupted and
// kOutOfMemory 503, kInternal 500.
Response error_response(const Error& error);

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any that is free
  uint64_t max_body_bytes = 16 << 20;
};

// How many requests were answered, by route and status.
using AnswerCounts = std::map<std::pair<std::string, int>, uint64_t>;

class HttpServer {
 public:
  // Listens at once, and answers from threads of its own. `admit` sees each request first, and answers it where it may
  // not go on. An Error that a route throws becomes its answer. Throws Error(kBadInput) where the address cannot be
  // had.
  HttpServer(const HttpServerOptions& options, std::vector<Route> routes,
             std::function<std::optional<Response>(const Request&)> admit);
  ~HttpServer();  // stop()
  HttpServer(const HttpServer&) = delete;

  int port() const;
  AnswerCounts answer_counts() const;
  // Requests that have been read and not yet been answered in full.
  size_t num_under_way() const;
  // Closes the port, and returns when nothing is under way; streams are cut.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace manyshot::serve
