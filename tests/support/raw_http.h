// HTTP by hand: what a client sends and gets, byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace manyshot {

// A connection to a port of this machine.
class RawConnection {
 public:
  explicit RawConnection(int port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;

  void send(std::string_view bytes) const;
  // Nothing more will be sent.
  void finish() const;
  // Reads until `text` has come, or the other side closes; returns all that was read so far.
  const std::string& read_until(std::string_view text);
  const std::string& read_all();

 private:
  int socket_ = -1;
  std::string received_;
};

struct RawResponse {
  int status = 0;
  std::string head;
  std::string body;  // chunks joined
  Json json() const { return Json::parse(body, nullptr, /*allow_exceptions=*/false); }
  std::string message() const;       // of an error
  std::vector<Json> events() const;  // of a stream, without [DONE]
};

// `headers`: further ones, each with its line end.
std::string request_text(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view headers = "");
RawResponse ask(int port, std::string_view method, std::string_view path, std::string_view body = "",
                std::string_view headers = "");
RawResponse parse_response(std::string_view text);

}  // namespace manyshot
