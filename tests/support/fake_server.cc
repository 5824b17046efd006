#include "support/fake_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace manyshot {
namespace {

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

// A whole request with a Content-Length, or "" when the client went away.
std::string receive_request(int connection) {
  std::string text;
  char buffer[65'536];
  size_t needed = std::string::npos;
  while (needed == std::string::npos || text.size() < needed) {
    const ssize_t count = recv(connection, buffer, sizeof buffer, 0);
    if (count <= 0) return "";
    text.append(buffer, static_cast<size_t>(count));
    const size_t end = text.find("\r\n\r\n"), length = text.find("Content-Length: ");
    if (end != std::string::npos && length < end) needed = end + 4 + std::stoul(text.substr(length + 16));
  }
  return text;
}

}  // namespace

FakeServer::FakeServer(Answer answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket_, generic, size) != 0 || listen(socket_, 64) != 0 || getsockname(socket_, generic, &size) != 0) {
    throw std::runtime_error("no local port for the fake server");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_connections(); });
}

FakeServer::~FakeServer() {
  ends_ = true;
  acceptor_.join();
  connections_.clear();  // joins
  close(socket_);
}

std::string FakeServer::base_url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }

std::vector<FakeRequest> FakeServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeServer::accept_connections() {
  while (!ends_) {
    pollfd ready{.fd = socket_, .events = POLLIN};
    if (poll(&ready, 1, /*ms=*/10) <= 0) continue;
    const int connection = accept(socket_, nullptr, nullptr);
    if (connection >= 0) connections_.emplace_back([this, connection] { serve(connection); });
  }
}

void FakeServer::serve(int connection) {
  const std::string text = receive_request(connection);
  if (!text.empty()) {
    const size_t now = ++at_once_;
    for (size_t most = most_at_once_; most < now && !most_at_once_.compare_exchange_weak(most, now);) {
    }
    const size_t end = text.find("\r\n\r\n"), target = text.find(' ') + 1;
    const FakeRequest request{.target = text.substr(target, text.find(' ', target) - target),
                              .headers = text.substr(0, end),
                              .body = Json::parse(text.substr(end + 4), nullptr, /*allow_exceptions=*/false)};
    size_t n = 0;
    {
      const std::lock_guard lock(mutex_);
      n = requests_.size();
      requests_.push_back(request);
    }
    const FakeResponse response = answer_(request, n);
    for (auto left = response.delay; left.count() > 0 && !ends_; left -= std::chrono::milliseconds(5)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    --at_once_;
    send_all(connection, fmt::format("HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n",
                                     response.status, response.body.size(), response.headers));
    send_all(connection,
             std::string_view(response.body).substr(0, response.cut ? response.body.size() / 2 : std::string::npos));
  }
  close(connection);
}

FakeResponse chat_response(const std::string& content) {
  const Json message = {{"role", "assistant"}, {"content", content}};
  const Json json = {{"choices", Json::array({{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}})},
                     {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"total_tokens", 120}}}};
  return {.body = json.dump()};
}

}  // namespace manyshot
