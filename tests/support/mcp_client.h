// manyshot mcp as a process, and a client of it: lines in, lines out.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace manyshot {

class McpClient {
 public:
  using Json = nlohmann::ordered_json;

  // Starts the program with these arguments behind "mcp".
  explicit McpClient(const std::vector<std::string>& arguments);
  ~McpClient();  // kills it
  McpClient(const McpClient&) = delete;
  McpClient& operator=(const McpClient&) = delete;

  void send_line(const std::string& line) const;
  // The next line, parsed. Throws std::runtime_error when none comes within a minute or the output ended.
  Json read();
  // Sends a request of the stateless revision and reads its answer; notifications before it go to `notifications`.
  Json request(const std::string& method, Json params = Json::object());
  // A tool's result.
  Json call(const std::string& tool, Json arguments);
  // What the tool gave. Throws std::runtime_error with the message of a call that failed.
  Json call_data(const std::string& tool, Json arguments);

  // Closes the input, if so, and waits: the exit code, or minus the signal.
  int finish();
  int wait();
  void kill(int signal);
  pid_t process() const { return process_; }
  std::string standard_error() const;

  std::vector<Json> notifications;

 private:
  std::optional<std::string> read_line();

  TemporaryFolder folder_;
  pid_t process_ = -1;
  int in_ = -1, out_ = -1;
  std::string buffer_;
  int next_id_ = 1;
};

}  // namespace manyshot
