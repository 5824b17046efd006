#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "mcp/line_reader.h"
#include "mcp/memory_tools.h"
#include "mcp/server.h"
#include "mcp/table_tools.h"

namespace manyshot {
namespace {

struct McpOptions {
  std::string root = ".";
  std::string memory;
  int max_message_mb = 16;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Files");
    v("root", self.root, any_value(), "Folder that tools may read and write files in; nothing outside it is touched.");
    v("memory", self.memory, any_value(),
      "File of the memory of experiences (SQLite), made where it is not there; without it there are no tools for one.");
    option_heading(v, "Limits");
    v("max_message_mb", self.max_message_mb, between(1, 1024), "Megabytes of a message at most.");
  }
};

// Standard output for the protocol alone: what else is printed there goes to standard error.
class ProtocolOutput {
 public:
  ProtocolOutput() : file_descriptor_(dup(STDOUT_FILENO)) { dup2(STDERR_FILENO, STDOUT_FILENO); }
  ~ProtocolOutput() {
    dup2(file_descriptor_, STDOUT_FILENO);
    close(file_descriptor_);
  }
  ProtocolOutput(const ProtocolOutput&) = delete;
  ProtocolOutput& operator=(const ProtocolOutput&) = delete;

  void write_line(std::string_view text) const {
    const std::string line = std::string(text) + '\n';
    for (size_t done = 0; done < line.size();) {
      const ssize_t count = write(file_descriptor_, line.data() + done, line.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {  // the client is gone, or will be: nobody is left to tell
        log::warning("standard output cannot be written: {}", std::strerror(errno));
        return;
      }
      done += static_cast<size_t>(count);
    }
  }

 private:
  int file_descriptor_;
};

constexpr const char* kInstructions =
    "manyshot predicts columns of tables from labelled rows, with honest probabilities. Load a table (by path where "
    "there is one, so that its data need not pass through you), look at what was understood, then evaluate to learn "
    "how "
    "good predictions are, and fit and predict to make them.";

constexpr const char* kMemoryInstructions =
    " It also has a memory that outlives you: remember what you tried and how it came out, and before you choose, ask "
    "predict_outcome what to expect of each choice.";

class McpCommand : public Command {
 public:
  std::string name() const override { return "mcp"; }
  std::string summary() const override { return "predictions as tools for agents, by the Model Context Protocol"; }
  std::string details() const override {
    return "An MCP server on standard input and output, as agents start one: tools that load tables, fit models, "
           "predict "
           "and evaluate, with the numbers of the other commands, and with --memory tools that keep experiences and "
           "predict outcomes from them (docs/mcp.md). It speaks revision 2026-07-28 and "
           "those "
           "that begin with initialize. Messages for people go to standard error. It ends when its input does, or by "
           "SIGTERM.";
  }
  std::string examples() const override {
    return "    manyshot mcp --root ~/tables --memory ~/agent.memory\n"
           "    {\"mcpServers\": {\"manyshot\": {\"command\": \"manyshot\", \"args\": [\"mcp\", \"--root\", "
           "\"/home/me/tables\"]}}}\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    mcp::Workspace workspace{mcp::RootFolder(options_.root)};
    std::unique_ptr<mcp::MemoryDesk> desk;
    if (!options_.memory.empty()) {
      desk = std::make_unique<mcp::MemoryDesk>(options_.memory);
      for (const char* const part : {"", "-wal", "-shm"}) workspace.protect(options_.memory + part);
    }
    const mcp::ServerCounts counts = serve(tools(workspace, desk.get()), desk ? kMemoryInstructions : "");
    if (common.json) {
      print_summary(*this,
                    {{"requests", counts.requests},
                     {"calls", counts.calls},
                     {"failed_calls", counts.failed_calls},
                     {"cancelled_calls", counts.cancelled_calls}},
                    stderr);
    }
  }

 private:
  static std::vector<mcp::Tool> tools(mcp::Workspace& workspace, mcp::MemoryDesk* desk) {
    std::vector<mcp::Tool> all{mcp::load_table_tool(workspace), mcp::fit_tool(workspace), mcp::predict_tool(workspace),
                               mcp::evaluate_tool(workspace)};
    if (desk == nullptr) return all;
    all.insert(all.end(),
               {mcp::remember_tool(*desk), mcp::recall_tool(*desk), mcp::predict_outcome_tool(*desk, workspace),
                mcp::forget_tool(*desk), mcp::memories_tool(*desk)});
    return all;
  }

  mcp::ServerCounts serve(std::vector<mcp::Tool> tools, std::string_view more_instructions) const {
    const ProtocolOutput output;
    mcp::Server server(std::move(tools), fmt::format("{}{}", kInstructions, more_instructions),
                       [&](std::string_view line) { output.write_line(line); });
    const size_t max_bytes = static_cast<size_t>(options_.max_message_mb) << 20;
    mcp::LineReader lines(STDIN_FILENO, max_bytes);
    while (const auto line = lines.next()) {
      if (line->is_too_long) {
        server.refuse_long_line(max_bytes);
      } else {
        server.receive(line->text);
      }
    }
    server.drain();
    return server.counts();
  }

  McpOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_mcp_command() { return std::make_unique<McpCommand>(); }

}  // namespace manyshot
