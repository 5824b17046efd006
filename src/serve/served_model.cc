#include "serve/served_model.h"

#include <algorithm>
#include <array>
#include <random>

#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"

namespace manyshot::serve {
namespace {

using std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::milliseconds(200);  // between looks whether the client is there

uint64_t random_bits() {
  thread_local std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

// What every answer and every piece of a stream begins with.
Json head_of(const ServedModel& served, const std::string& id, const std::string& object) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {{"id", id},
          {"object", object},
          {"created", std::chrono::duration_cast<std::chrono::seconds>(now).count()},
          {"model", served.name}};
}

struct Usage {
  size_t prompt_tokens = 0, tokens = 0;
  Json json() const {
    return {{"prompt_tokens", prompt_tokens}, {"completion_tokens", tokens}, {"total_tokens", prompt_tokens + tokens}};
  }
};

[[noreturn]] void fail_late(const ServedModel& served) {
  fail(ErrorKind::kInterrupted, "the request took longer than {} s; ask for less, or later", served.timeout.count());
}

Response whole_answer(const ServedModel& served, Scheduler::Job& job, const TextAnswer& answer, Json head, Usage usage,
                      const Request& request) {
  const auto deadline = steady_clock::now() + served.timeout;
  std::vector<std::pair<size_t, Json>> choices;
  while (!job.is_done()) {
    const std::optional<TextUpdate> update = job.next(kPatience);
    if (update) {
      usage.tokens += update->part.tokens.size();
      choices.emplace_back(update->text, answer.choice(*update));
    } else if (request.is_gone()) {
      fail(ErrorKind::kInterrupted, "the client has gone");
    }
    if (steady_clock::now() > deadline) fail_late(served);
  }
  std::sort(choices.begin(), choices.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  head["choices"] = Json::array();
  for (auto& [text, choice] : choices) head["choices"].push_back(std::move(choice));
  head["usage"] = usage.json();
  return {.body = head.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

std::string event_of(const Json& json) {
  return "data: " + json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n\n";
}

// The pieces of a stream of server-sent events.
class EventStream {
 public:
  EventStream(const ServedModel& served, std::shared_ptr<Scheduler::Job> job, TextAnswer answer, Json head, Usage usage,
              size_t num_texts, std::function<bool()> is_gone)
      : served_(served),
        job_(std::move(job)),
        answer_(std::move(answer)),
        head_(std::move(head)),
        usage_(usage),
        num_texts_(num_texts),
        is_gone_(std::move(is_gone)),
        deadline_(steady_clock::now() + served.timeout) {}

  std::optional<std::string> next() {
    if (ended_) return std::nullopt;
    try {
      return next_events();
    } catch (const Error& error) {
      ended_ = true;
      return "data: " + error_response(error).body + "\n\n";
    }
  }

 private:
  std::string next_events() {
    std::string events;
    if (!begun_ && answer_.first_choice) {
      for (size_t text = 0; text < num_texts_; ++text) events += event_with(answer_.first_choice(text));
    }
    begun_ = true;
    if (job_->is_done()) {
      if (answer_.includes_usage) {
        Json json = head_;
        json["choices"] = Json::array();
        json["usage"] = usage_.json();
        events += event_of(json);
      }
      ended_ = true;
      return events + "data: [DONE]\n\n";
    }
    if (!events.empty()) return events;
    if (steady_clock::now() > deadline_) fail_late(served_);
    const std::optional<TextUpdate> update = job_->next(kPatience);
    if (!update) {
      if (is_gone_()) ended_ = true;
      return "";
    }
    usage_.tokens += update->part.tokens.size();
    return event_with(answer_.stream_choice(*update));
  }

  std::string event_with(Json choice) const {
    Json json = head_;
    json["choices"] = Json::array({std::move(choice)});
    json["usage"] = nullptr;
    return event_of(json);
  }

  const ServedModel& served_;
  std::shared_ptr<Scheduler::Job> job_;
  TextAnswer answer_;
  Json head_;
  Usage usage_;
  size_t num_texts_;
  std::function<bool()> is_gone_;
  steady_clock::time_point deadline_;
  bool begun_ = false, ended_ = false;
};

std::vector<std::string> stop_texts(const RequestFields& fields) {
  const Json* stop = fields.find("stop");
  if (stop == nullptr) return {};
  if (stop->is_string()) return {stop->get<std::string>()};
  std::vector<std::string> texts;
  const auto is_text = [](const Json& text) { return text.is_string(); };
  constexpr size_t kMost = 64;
  if (!stop->is_array() || stop->size() > kMost || !std::all_of(stop->begin(), stop->end(), is_text)) {
    refuse_field("stop", fmt::format("a text or a list of at most {}", kMost), *stop);
  }
  return *stop;
}

}  // namespace

void ServedModel::check_name(const RequestFields& fields) const {
  const std::string asked = fields.text("model", name);
  if (asked == name) return;
  fail(ErrorKind::kNotFound, "there is no model \"{}\" here; this server has \"{}\"", excerpt(asked), name);
}

GenerateOptions writing_options(const RequestFields& fields, int max_tokens) {
  for (const char* name : {"presence_penalty", "frequency_penalty"}) fields.refuse(name, 0);
  fields.refuse("repetition_penalty", 1);
  fields.refuse("logit_bias", Json::object());
  for (const char* name : {"min_p", "min_tokens"}) fields.refuse(name, 0);
  GenerateOptions options{.max_tokens = max_tokens,
                          .temperature = fields.number("temperature", 1, 0, 100),
                          .top_p = fields.number("top_p", 1, 0, 1),
                          // -1: all, as vLLM has it
                          .top_k = static_cast<int>(std::max<int64_t>(fields.whole_number("top_k", 0, -1, 1 << 30), 0)),
                          .stop = stop_texts(fields),
                          .ignore_end = fields.flag("ignore_eos", false)};
  const bool has_seed = fields.find("seed") != nullptr;
  options.seed = has_seed ? static_cast<uint64_t>(fields.whole_number("seed", 0, std::numeric_limits<int64_t>::min(),
                                                                      std::numeric_limits<int64_t>::max()))
                          : random_bits();
  return options;
}

bool wants_usage(const RequestFields& fields) {
  const Json* options = fields.find("stream_options");
  if (options == nullptr) return false;
  if (!options->is_object()) refuse_field("stream_options", "an object", *options);
  return options->value("include_usage", Json(false)) == Json(true);
}

Response answer_texts(const ServedModel& served, std::vector<GenerateRequest> requests, TextAnswer answer,
                      const Request& request) {
  Usage usage;
  const std::vector<TokenId>* last_prompt = nullptr;
  for (const GenerateRequest& next : requests) {
    // Several texts of one prompt read it once.
    if (last_prompt == nullptr || next.prompt != *last_prompt) usage.prompt_tokens += next.prompt.size();
    last_prompt = &next.prompt;
  }
  const size_t num_texts = requests.size();
  std::shared_ptr<Scheduler::Job> job = served.scheduler->submit(std::move(requests), answer.is_stream);
  const std::string id = fmt::format("{}{:016x}{:016x}", answer.id_prefix, random_bits(), random_bits());
  Json head = head_of(served, id, answer.is_stream ? answer.stream_object : answer.object);
  if (!answer.is_stream) return whole_answer(served, *job, answer, std::move(head), usage, request);
  const auto stream = std::make_shared<EventStream>(served, std::move(job), std::move(answer), std::move(head), usage,
                                                    num_texts, request.is_gone);
  return {.content_type = "text/event-stream", .headers = {{"Cache-Control", "no-cache"}}, .next = [stream] {
            return stream->next();
          }};
}

std::string token_name(const Tokenizer& tokenizer, TokenId token) {
  if (static_cast<size_t>(token) >= tokenizer.vocab_size()) return fmt::format("token:{}", token);
  const std::string_view bytes = tokenizer.token_text(token);
  if (!find_invalid_utf8(bytes)) return std::string(bytes);
  std::string name = "bytes:";
  for (const char byte : bytes) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return name;
}

}  // namespace manyshot::serve
