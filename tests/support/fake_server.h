// An HTTP server on a local port that answers as a test tells it to.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/json.h"

namespace manyshot {

struct FakeRequest {
  std::string target;   // "/v1/chat/completions"
  std::string headers;  // as they came
  Json body;
};

struct FakeResponse {
  int status = 200;
  std::string body;
  std::string headers;  // further ones, each with its line end
  std::chrono::milliseconds delay{0};
  bool cut = false;  // the connection ends in the middle of the body
};

class FakeServer {
 public:
  // `answer(request, n)` gives the response to the n-th request, from 0; it may be called from several threads.
  using Answer = std::function<FakeResponse(const FakeRequest& request, size_t n)>;
  explicit FakeServer(Answer answer);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;

  std::string base_url() const;  // http://127.0.0.1:PORT/v1
  std::vector<FakeRequest> requests() const;
  size_t most_at_once() const { return most_at_once_; }

 private:
  void accept_connections();
  void serve(int connection);

  Answer answer_;
  int socket_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<FakeRequest> requests_;
  std::vector<std::jthread> connections_;
  std::atomic<bool> ends_ = false;
  std::atomic<size_t> at_once_ = 0, most_at_once_ = 0;
  std::jthread acceptor_;
};

// A /chat/completions response whose message is `content`.
FakeResponse chat_response(const std::string& content);

}  // namespace manyshot
