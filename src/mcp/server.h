// An MCP server behind a pipe (modelcontextprotocol.io): lines in, lines out, one tool call at a time in a thread of
// its own, so that a call can be given up while it runs. Speaks revision 2026-07-28, in which every request says for
// itself what it is, and those that begin with "initialize" (2024-11-05 to 2025-11-25).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/tool.h"

namespace manyshot::mcp {

struct ServerCounts {
  uint64_t requests = 0;                 // of all kinds
  uint64_t calls = 0, failed_calls = 0;  // of tools; those that ended in an error
  uint64_t cancelled_calls = 0;
};

class Server {
 public:
  // `instructions`: what a language model should know before it uses the tools. `write` gets whole lines without their
  // ends, from any thread but one at a time.
  Server(std::vector<Tool> tools, std::string instructions, std::function<void(std::string_view line)> write);
  // Gives up what is under way.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Answers a line, or queues it. Calls come from one thread.
  void receive(std::string_view line);
  // Answers a line that was longer than lines may be.
  void refuse_long_line(size_t max_bytes);
  // Returns when everything is answered.
  void drain();
  ServerCounts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace manyshot::mcp
