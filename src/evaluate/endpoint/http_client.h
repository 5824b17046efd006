// HTTP and HTTPS: the only place of the program that opens a connection, and the only one that sees libcurl.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace manyshot {

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  double timeout_s = 600;  // from the first byte to the last
};

enum class HttpOutcome {
  kAnswered,     // any status
  kUnreachable,  // no such host, or nobody listens there
  kTimedOut,
  kBroken,   // the connection ended before the response did
  kRefused,  // nothing that waiting mends: certificates, an unusable URL, a response over 256 MiB
};

struct HttpResponse {
  HttpOutcome outcome = HttpOutcome::kAnswered;
  std::string problem;  // in words; empty for kAnswered
  int status = 0;
  std::string body;
  std::string retry_after;  // the header's value
};

class HttpClient {
 public:
  // Throws Error(kUnsupported) when libcurl does not start.
  HttpClient();
  ~HttpClient();

  // Sends `body` as JSON. Redirects are not followed. Connections are kept for the next request; proxies are those of
  // the environment (http_proxy, https_proxy, no_proxy). Throws Error(kInterrupted) after Ctrl-C or when `stop` is
  // requested, within about a second. Safe from several threads.
  HttpResponse post(const HttpRequest& request, std::stop_token stop = {});

 private:
  class Handle;
  std::unique_ptr<Handle> take_handle();

  struct Idle;
  std::unique_ptr<Idle> idle_;
};

}  // namespace manyshot
