#include "support/mcp_client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "support/source_path.h"

namespace manyshot {
namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

McpClient::McpClient(const std::vector<std::string>& arguments) {
  signal(SIGPIPE, SIG_IGN);  // a program that was killed
  const std::string program = test_environment("MANYSHOT_PROGRAM"), error_path = folder_ / "err";
  std::vector<char*> argv{const_cast<char*>(program.c_str()), const_cast<char*>("mcp")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int to_program[2], from_program[2];
  if (pipe2(to_program, O_CLOEXEC) != 0 || pipe2(from_program, O_CLOEXEC) != 0) throw std::runtime_error("pipe fails");
  process_ = fork();
  if (process_ == 0) {
    const int error = open(error_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(to_program[0], STDIN_FILENO);
    dup2(from_program[1], STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(to_program[0]);
  close(from_program[1]);
  in_ = to_program[1];
  out_ = from_program[0];
}

McpClient::~McpClient() {
  if (process_ > 0) kill(SIGKILL);
  if (in_ >= 0) close(in_);
  close(out_);
}

void McpClient::send_line(const std::string& line) const {
  const std::string text = line + '\n';
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(in_, text.data() + done, text.size() - done);
    if (count < 0) return;  // killed; who reads the answer sees it
    done += static_cast<size_t>(count);
  }
}

std::optional<std::string> McpClient::read_line() {
  while (true) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd waiting{.fd = out_, .events = POLLIN};
    if (poll(&waiting, 1, kPatienceMs) <= 0) return std::nullopt;
    char bytes[65536];
    const ssize_t count = ::read(out_, bytes, sizeof bytes);
    if (count <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<size_t>(count));
  }
}

McpClient::Json McpClient::read() {
  const std::optional<std::string> line = read_line();
  if (!line) throw std::runtime_error("no answer of manyshot mcp: " + standard_error());
  return Json::parse(*line);
}

McpClient::Json McpClient::request(const std::string& method, Json params) {
  params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
  params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = Json::object();
  const int id = next_id_++;
  send_line(Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump());
  while (true) {
    Json message = read();
    if (message.contains("id") && message["id"] == id) return message;
    notifications.push_back(std::move(message));
  }
}

McpClient::Json McpClient::call(const std::string& tool, Json arguments) {
  const Json answer = request("tools/call", {{"name", tool}, {"arguments", std::move(arguments)}});
  if (!answer.contains("result")) throw std::runtime_error(answer.dump());
  return answer["result"];
}

McpClient::Json McpClient::call_data(const std::string& tool, Json arguments) {
  const Json result = call(tool, std::move(arguments));
  if (result["isError"] == true) throw std::runtime_error(result["content"][0]["text"].get<std::string>());
  return result["structuredContent"];
}

int McpClient::wait() {
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int McpClient::finish() {
  close(in_);
  in_ = -1;
  return wait();
}

void McpClient::kill(int signal) {
  ::kill(process_, signal);
  wait();
}

std::string McpClient::standard_error() const { return content_of(folder_ / "err"); }

}  // namespace manyshot
