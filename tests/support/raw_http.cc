#include "support/raw_http.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace manyshot {
namespace {

std::string joined_chunks(std::string_view text) {
  std::string body;
  while (!text.empty()) {
    const size_t end = text.find("\r\n");
    const size_t size = std::stoul(std::string(text.substr(0, end)), nullptr, 16);
    if (size == 0) break;
    body += text.substr(end + 2, size);
    text.remove_prefix(std::min(end + 2 + size + 2, text.size()));
  }
  return body;
}

}  // namespace

RawConnection::RawConnection(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("nobody listens");
  }
}

RawConnection::~RawConnection() { close(socket_); }

void RawConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void RawConnection::finish() const { shutdown(socket_, SHUT_WR); }

const std::string& RawConnection::read_until(std::string_view text) {
  char buffer[65'536];
  while (received_.find(text) == std::string::npos) {
    const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0) break;
    received_.append(buffer, static_cast<size_t>(count));
  }
  return received_;
}

const std::string& RawConnection::read_all() { return read_until("nothing that ever comes \x01"); }

std::string RawResponse::message() const {
  const Json error = json();
  return error.is_object() && error.contains("error") ? error["error"]["message"].get<std::string>() : "";
}

std::vector<Json> RawResponse::events() const {
  std::vector<Json> events;
  for (size_t begin = 0; (begin = body.find("data: ", begin)) != std::string::npos;) {
    const size_t end = body.find("\n\n", begin);
    const std::string text = body.substr(begin + 6, end - begin - 6);
    if (text != "[DONE]") events.push_back(Json::parse(text));
    begin = end;
  }
  return events;
}

std::string request_text(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view headers) {
  const bool names_host = headers.find("Host: ") != std::string_view::npos;
  return fmt::format("{} {} HTTP/1.1\r\n{}Connection: close\r\nContent-Length: {}\r\n{}\r\n{}", method, path,
                     names_host ? "" : "Host: localhost\r\n", body.size(), headers, body);
}

RawResponse parse_response(std::string_view text) {
  RawResponse response;
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return response;
  response.head = text.substr(0, end);
  response.status = std::stoi(response.head.substr(9, 3));
  response.body = text.substr(end + 4);
  if (response.head.find("Transfer-Encoding: chunked") != std::string::npos)
    response.body = joined_chunks(response.body);
  return response;
}

RawResponse ask(int port, std::string_view method, std::string_view path, std::string_view body,
                std::string_view headers) {
  RawConnection connection(port);
  connection.send(request_text(method, path, body, headers));
  return parse_response(connection.read_all());
}

}  // namespace manyshot
