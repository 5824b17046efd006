#include "serve/http_server.h"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <regex>
#include <thread>

#include "core/json.h"
#include "core/text.h"

namespace manyshot::serve {
namespace {

constexpr size_t kConnections = 256;                                         // answered at a time; further ones wait
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";  // curl's, where none is given
constexpr int kBacklog = 1024;  // connections that the system keeps until they are taken

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : status == 503 ? "service_unavailable_error" : "server_error";
  }
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadInput:
    case ErrorKind::kCorruptFile:
    case ErrorKind::kUnsupported:
      return 400;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kUnavailable:
      return 429;
    case ErrorKind::kInterrupted:
    case ErrorKind::kOutOfMemory:
      return 503;
    case ErrorKind::kInternal:
      return 500;
  }
  return 500;
}

// The port of the address that `ask` (getpeername, getsockname) tells of a socket; -1 without one.
int port_of(int socket, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (ask(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return -1;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return -1;
}

// The socket of this process whose peer's and own port are those of a request, since the library does not tell; -1 for
// none. It stays open while the request is answered.
int socket_of(const httplib::Request& request) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const auto socket = parse_exact<int>(entry.path().filename().string());
    if (socket && port_of(*socket, getpeername) == request.remote_port &&
        port_of(*socket, getsockname) == request.local_port) {
      return *socket;
    }
  }
  return -1;
}

bool is_closed(int socket) {
  char byte = 0;
  return socket >= 0 && recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "a+b%20c" -> "a b c"
std::string decode_query(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

// The library's own list of parameters also has what it takes for a form in the body.
std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
  std::vector<std::pair<std::string, std::string>> query;
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return query;
  for (size_t begin = mark + 1; begin < target.size();) {
    const size_t end = std::min(target.find('&', begin), target.size());
    const std::string_view field = target.substr(begin, end - begin);
    begin = end + 1;
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : field.substr(equals + 1);
    query.emplace_back(decode_query(field.substr(0, equals)), decode_query(value));
  }
  return query;
}

Request request_of(const httplib::Request& from) {
  Request request{.method = from.method,
                  .path = from.path,
                  .query = query_of(from.target),
                  .body = from.body,
                  .host = from.get_header_value("Host"),
                  .origin = from.get_header_value("Origin"),
                  .authorization = from.get_header_value("Authorization"),
                  .content_type = from.get_header_value("Content-Type"),
                  .accept = from.get_header_value("Accept")};
  for (size_t i = 1; i < from.matches.size(); ++i) request.parts.push_back(from.matches[i].str());
  request.is_gone = [socket = socket_of(from)] { return is_closed(socket); };
  return request;
}

// The library's server, with room for many connections that come at once.
class WideServer : public httplib::Server {
 public:
  void widen() { ::listen(svr_sock_, kBacklog); }
};

}  // namespace

Response error_response(int status, const std::string& message) {
  const Json error{{"message", message}, {"type", error_type(status)}, {"param", nullptr}, {"code", nullptr}};
  Response response = json_response({{"error", error}});
  response.status = status;
  if (status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response json_response(const Json& json) { return {.body = json.dump(-1, ' ', false, Json::error_handler_t::replace)}; }

Response error_response(const Error& error) { return error_response(status_of(error.kind()), error.what()); }

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, std::vector<Route> routes,
       std::function<std::optional<Response>(const Request&)> admit)
      : routes_(std::move(routes)), admit_(std::move(admit)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kConnections); };
    // Without SO_REUSEPORT, which would let two servers share a port.
    server_.set_socket_options([](int socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.set_tcp_nodelay(true);
    server_.set_payload_max_length(options.max_body_bytes);
    server_.set_keep_alive_max_count(100'000);
    server_.set_read_timeout(10);
    server_.set_write_timeout(30);
    for (const Route& route : routes_) add(route);
    server_.set_error_handler([this, options](const httplib::Request& request, httplib::Response& response) {
      if (response.body.empty()) explain(request, options.max_body_bytes, response);
    });
    port_ = options.port > 0 ? options.port : server_.bind_to_any_port(options.host);
    if (port_ <= 0 || (options.port > 0 && !server_.bind_to_port(options.host, options.port))) {
      fail(ErrorKind::kBadInput,
           "cannot listen on {}:{}: the port is in use, or the address is not one of this machine", options.host,
           options.port);
    }
    server_.widen();
    listener_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  ~Impl() { stop(); }

  void stop() {
    if (!listener_.joinable()) return;
    server_.stop();
    listener_.join();
  }

  int port() const { return port_; }
  size_t num_under_way() const { return num_under_way_; }
  AnswerCounts answer_counts() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }

 private:
  void add(const Route& route) {
    const auto handle = [this, &route](const httplib::Request& from, httplib::Response& to) {
      answer(route, from, to);
    };
    if (route.method == "GET") {
      server_.Get(route.pattern, handle);
    } else if (route.method == "DELETE") {
      server_.Delete(route.pattern, handle);
    } else {
      server_.Post(route.pattern, handle);
    }
  }

  void answer(const Route& route, const httplib::Request& from, httplib::Response& to) {
    ++num_under_way_;
    Response response;
    try {
      const Request request = request_of(from);
      std::optional<Response> refusal = admit_(request);
      response = refusal ? std::move(*refusal) : route.answer(request);
    } catch (const Error& error) {
      response = error_response(error);
    } catch (const std::bad_alloc&) {
      response = error_response(503, "out of memory; send less at a time");
    } catch (const std::exception& error) {
      response = error_response(500, error.what());
    }
    {
      const std::lock_guard lock(mutex_);
      ++answers_[{route.pattern, response.status}];
    }
    to.status = response.status;
    for (const auto& [name, value] : response.headers) to.set_header(name, value);
    if (!response.next) {
      to.set_content(response.body, response.content_type);
      --num_under_way_;
      return;
    }
    auto next = std::make_shared<std::function<std::optional<std::string>()>>(std::move(response.next));
    to.set_chunked_content_provider(
        response.content_type,
        [next](size_t, httplib::DataSink& sink) {
          const std::optional<std::string> piece = (*next)();
          if (!piece) {
            sink.done();
            return true;
          }
          return piece->empty() ? sink.is_writable() : sink.write(piece->data(), piece->size());
        },
        [this, next](bool) mutable {
          if (*next) --num_under_way_;
          *next = nullptr;
        });
  }

  // What the library itself refuses.
  void explain(const httplib::Request& request, uint64_t max_body_bytes, httplib::Response& response) const {
    std::string message = "the request is not HTTP as this server reads it";
    if (response.status == 404) {
      std::string allowed;
      for (const Route& route : routes_) {
        if (!std::regex_match(request.path, std::regex(route.pattern))) continue;
        allowed += (allowed.empty() ? "" : ", ") + route.method;
      }
      message = fmt::format("there is no {} {}", request.method, excerpt(request.path));
      if (!allowed.empty()) {
        response.status = 405;
        response.set_header("Allow", allowed);
        message = fmt::format("{} takes {}, not {}", excerpt(request.path), allowed, request.method);
      }
    } else if (response.status == 413 && request.get_header_value("Content-Type").starts_with(kFormType)) {
      message = "a body of more than 8 KiB needs its own Content-Type, such as application/json or text/csv";
    } else if (response.status == 413) {
      message = fmt::format("the body is longer than {}; send less at a time", format_bytes(max_body_bytes));
    }
    const Response error = error_response(response.status, message);
    response.set_content(error.body, error.content_type);
  }

  std::vector<Route> routes_;
  std::function<std::optional<Response>(const Request&)> admit_;
  WideServer server_;
  int port_ = 0;
  std::thread listener_;
  std::atomic<size_t> num_under_way_ = 0;
  mutable std::mutex mutex_;
  AnswerCounts answers_;
};

HttpServer::HttpServer(const HttpServerOptions& options, std::vector<Route> routes,
                       std::function<std::optional<Response>(const Request&)> admit)
    : impl_(std::make_unique<Impl>(options, std::move(routes), std::move(admit))) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port(); }
AnswerCounts HttpServer::answer_counts() const { return impl_->answer_counts(); }
size_t HttpServer::num_under_way() const { return impl_->num_under_way(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace manyshot::serve
