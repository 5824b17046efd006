#include "mcp/server.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/log_capture.h"
#include "core/stop_loops.h"
#include "core/text.h"
#include "mcp/json_rpc.h"
#include "mcp/json_schema.h"
#include "mcp/protocol.h"

namespace manyshot::mcp {
namespace {

// Where the answers to one line go: out at once, or, of a batch, together once none is missing.
class Answers {
 public:
  Answers(std::function<void(const Json&)> write, bool is_batch, size_t num_awaited)
      : write_(std::move(write)), is_batch_(is_batch), num_awaited_(num_awaited) {}

  void add(const Json& answer) {
    if (!is_batch_) return write_(answer);
    const std::lock_guard lock(mutex_);
    list_.push_back(answer);
    finish_one();
  }
  // Of a request that was given up.
  void add_none() {
    if (!is_batch_) return;
    const std::lock_guard lock(mutex_);
    finish_one();
  }

 private:
  void finish_one() {
    if (--num_awaited_ == 0 && !list_.empty()) write_(list_);
  }

  std::function<void(const Json&)> write_;
  bool is_batch_;
  std::mutex mutex_;
  size_t num_awaited_;
  Json list_ = Json::array();
};

struct Call {
  Json id, arguments, progress_token;
  std::string revision;
  const Tool* tool = nullptr;
  std::shared_ptr<Answers> answers;
};

// The arguments without those that are null, which count as absent.
Json given_arguments(const Json& params) {
  Json arguments = params.value("arguments", Json::object());
  for (auto member = arguments.begin(); member != arguments.end();)
    member = member.value().is_null() ? arguments.erase(member) : std::next(member);
  return arguments;
}

}  // namespace

class Server::Impl {
 public:
  Impl(std::vector<Tool> tools, std::string instructions, std::function<void(std::string_view)> write)
      : tools_(std::move(tools)), instructions_(std::move(instructions)), write_(std::move(write)) {
    thread_ = std::thread([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      calls_.clear();
      is_ending_ = true;
      if (running_) give_up_running();
    }
    changed_.notify_all();
    thread_.join();
  }

  void receive(std::string_view text) {
    if (text.find_first_not_of(" \t") == std::string_view::npos) return;
    Line line = read_line(text);
    if (line.is_batch && !has_batches(handshake_)) {
      return send(make_error(nullptr, ErrorCode::kInvalidRequest, "a line holds one message, not a batch of them"));
    }
    size_t num_awaited = 0;
    for (const Message& message : line.messages)
      num_awaited += message.kind == MessageKind::kRequest || message.kind == MessageKind::kProblem;
    const auto answers =
        std::make_shared<Answers>([this](const Json& answer) { send(answer); }, line.is_batch, num_awaited);
    for (Message& message : line.messages) handle(message, answers);
  }

  void refuse_long_line(size_t max_bytes) {
    send(make_error(nullptr, ErrorCode::kInvalidRequest,
                    fmt::format("a message may have {}; give tables by path", format_bytes(max_bytes))));
  }

  void drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_.empty() && !running_; });
  }

  ServerCounts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  void send(const Json& message) {
    const std::string line = to_line(message);
    const std::lock_guard lock(write_mutex_);
    write_(line);
  }

  void handle(Message& message, const std::shared_ptr<Answers>& answers) {
    switch (message.kind) {
      case MessageKind::kProblem:
        return answers->add(make_error(message.id, message.code, message.problem));
      case MessageKind::kNotification:
        if (message.method == "notifications/cancelled") cancel(message.params.value("requestId", Json()));
        return;
      case MessageKind::kResponse:
        return;
      case MessageKind::kRequest:
        break;
    }
    {
      const std::lock_guard lock(mutex_);
      ++counts_.requests;
    }
    if (const auto refusal = answer_request(message, answers))
      answers->add(make_error(message.id, refusal->code, refusal->message, refusal->data));
  }

  std::optional<Refusal> answer_request(Message& request, const std::shared_ptr<Answers>& answers) {
    if (request.method == "initialize") {
      if (!request.params.value("protocolVersion", Json()).is_string())
        return Refusal{ErrorCode::kInvalidParams, "params.protocolVersion must be text"};
      Json result = initialize_result(request.params, instructions_);
      handshake_ = result.at("protocolVersion");
      answers->add(make_result(request.id, std::move(result)));
      return std::nullopt;
    }
    auto [revision, refusal] = revision_of(request, handshake_);
    const bool is_stateless = revision == kStatelessRevision;
    if (request.method == "ping" && !is_stateless) {  // allowed before the handshake
      answers->add(make_result(request.id, Json::object()));
      return std::nullopt;
    }
    if (refusal) return refusal;
    if (request.method == "server/discover" && is_stateless) {
      answers->add(make_result(request.id, discover_result(instructions_)));
      return std::nullopt;
    }
    if (request.method == "tools/list") {
      if (!request.params.value("cursor", Json()).is_null())
        return Refusal{ErrorCode::kInvalidParams, "there is no such cursor: all tools come at once"};
      answers->add(make_result(request.id, tools_result(tools_, revision)));
      return std::nullopt;
    }
    if (request.method == "tools/call") return queue_call(request, revision, answers);
    return Refusal{ErrorCode::kMethodNotFound, fmt::format("there is no method \"{}\" here", excerpt(request.method))};
  }

  std::optional<Refusal> queue_call(Message& request, const std::string& revision,
                                    const std::shared_ptr<Answers>& answers) {
    const Json name = request.params.value("name", Json());
    if (!name.is_string()) return Refusal{ErrorCode::kInvalidParams, "params.name must be the name of a tool"};
    std::vector<std::string> names;
    const Tool* found = nullptr;
    for (const Tool& tool : tools_) {
      names.push_back(tool.name);
      if (tool.name == name.get<std::string>()) found = &tool;
    }
    if (found == nullptr) {
      return Refusal{ErrorCode::kInvalidParams,
                     fmt::format("there is no tool \"{}\"{}; there are {}", excerpt(name.get<std::string>()),
                                 did_you_mean(name.get<std::string>(), names), list_names(names, 20))};
    }
    const auto arguments = request.params.find("arguments");
    if (arguments != request.params.end() && !arguments->is_object() && !arguments->is_null())
      return Refusal{ErrorCode::kInvalidParams, "params.arguments must be a JSON object"};
    if (arguments != request.params.end() && arguments->is_null()) request.params.erase("arguments");
    Call call{.id = request.id,
              .arguments = given_arguments(request.params),
              .progress_token = progress_token_of(request.params),
              .revision = revision,
              .tool = found,
              .answers = answers};
    {
      const std::lock_guard lock(mutex_);
      if (is_under_way(request.id)) return Refusal{ErrorCode::kInvalidRequest, "a request with this id is under way"};
      calls_.push_back(std::move(call));
    }
    changed_.notify_all();
    return std::nullopt;
  }

  // REQUIRES, as what follows: mutex_ is held.
  bool is_under_way(const Json& id) const {
    if (running_ && !is_answered_ && running_->id == id) return true;
    return std::ranges::any_of(calls_, [&](const Call& call) { return call.id == id; });
  }
  void give_up_running() {
    if (is_answered_ || is_given_up_) return;
    is_given_up_ = true;
    stop_.emplace();
  }

  void cancel(const Json& id) {
    const std::lock_guard lock(mutex_);
    if (running_ && running_->id == id) {
      if (!is_given_up_ && !is_answered_) ++counts_.cancelled_calls;
      return give_up_running();
    }
    const auto waiting = std::ranges::find(calls_, id, &Call::id);
    if (waiting == calls_.end()) return;
    ++counts_.cancelled_calls;
    waiting->answers->add_none();
    calls_.erase(waiting);
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return is_ending_ || !calls_.empty(); });
      if (is_ending_) return;
      running_ = std::move(calls_.front());
      calls_.pop_front();
      lock.unlock();
      const Json answer = run(*running_);
      lock.lock();
      is_answered_ = true;  // before the client sees it: then the id is free
      stop_.reset();
      ++counts_.calls;
      if (!is_given_up_ && answer.at("isError") == true) ++counts_.failed_calls;
      lock.unlock();
      if (is_given_up_) {
        running_->answers->add_none();
      } else {
        running_->answers->add(make_result(running_->id, answer));
      }
      lock.lock();
      running_.reset();
      is_given_up_ = is_answered_ = false;
      changed_.notify_all();
    }
  }

  // The tool's answer, with what was logged meanwhile.
  Json answer_of(const Call& call) {
    log::Capture capture;
    Json answer = call.tool->call(call.arguments, progress_of(call));
    for (const std::string& note : capture.take()) answer["notes"].push_back(note);
    return answer;
  }

  // The result of a call, of a failed one too.
  Json run(const Call& call) {
    try {
      check_json(call.arguments, call.tool->input_schema);
      return call_result(answer_of(call), call.revision);
    } catch (const Error& error) {
      return failed_call_result(error.what(), call.revision);
    } catch (const std::bad_alloc&) {
      return failed_call_result("out of memory; use fewer rows or columns", call.revision);
    } catch (const std::exception& error) {
      return failed_call_result(fmt::format("internal error: {}; please report it", error.what()), call.revision);
    }
  }

  TellProgress progress_of(const Call& call) {
    if (call.progress_token.is_null()) return [](double, double, std::string_view) {};
    return [this, token = call.progress_token](double progress, double total, std::string_view message) {
      Json params{{"progressToken", token}, {"progress", progress}};
      if (total > 0) params["total"] = total;
      params["message"] = message;
      send(make_notification("notifications/progress", std::move(params)));
    };
  }

  const std::vector<Tool> tools_;
  const std::string instructions_;
  std::string handshake_;  // the revision that "initialize" settled; of the receiving thread

  std::mutex write_mutex_;
  const std::function<void(std::string_view)> write_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;       // waiting
  std::optional<Call> running_;  // changed under the mutex, by the thread that works alone
  // Of it: whether its client wants it no more; whether the answer is decided, and neither changes again.
  bool is_given_up_ = false, is_answered_ = false;
  std::optional<LoopsStopped> stop_;  // while it is given up and still runs
  bool is_ending_ = false;
  ServerCounts counts_;
  std::thread thread_;
};

Server::Server(std::vector<Tool> tools, std::string instructions, std::function<void(std::string_view)> write)
    : impl_(std::make_unique<Impl>(std::move(tools), std::move(instructions), std::move(write))) {}
Server::~Server() = default;

void Server::receive(std::string_view line) { impl_->receive(line); }
void Server::refuse_long_line(size_t max_bytes) { impl_->refuse_long_line(max_bytes); }
void Server::drain() { impl_->drain(); }
ServerCounts Server::counts() const { return impl_->counts(); }

}  // namespace manyshot::mcp
