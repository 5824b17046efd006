#include "serve/service.h"

#include <atomic>
#include <iterator>
#include <thread>

#include "core/error.h"
#include "generate/prompt_tokens.h"
#include "serve/access.h"
#include "serve/chat_completions.h"
#include "serve/completions.h"
#include "serve/http_server.h"
#include "serve/inspect_routes.h"
#include "serve/page_routes.h"
#include "serve/served_model.h"
#include "serve/status_routes.h"
#include "serve/table_routes.h"
#include "serve/token_routes.h"

namespace manyshot::serve {

void ServeOptions::validate() const {
  if (!is_this_machine(host) && api_key_file.empty()) {
    fail(ErrorKind::kBadInput,
         "--host {}: others could reach this server; give --api-key-file with the keys that they need", host);
  }
}

namespace {

// Where there is no language model, the routes that need one say so.
std::vector<Route> routes_without_model() {
  std::vector<Route> routes;
  for (const char* path : {"/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize"}) {
    routes.push_back({"POST", path, [](const Request& request) -> Response {
                        fail(ErrorKind::kNotFound,
                             "{} needs a language model, and this server has none; start it with --model",
                             request.path);
                      }});
  }
  return routes;
}

}  // namespace

class Service::Impl {
 public:
  Impl(std::shared_ptr<const Model> model, const ServeOptions& options)
      : host_(options.host), tables_(options.tables, std::chrono::seconds(options.request_timeout_s)) {
    options.validate();
    if (!options.api_key_file.empty()) keys_ = read_api_keys(options.api_key_file);
    if (model != nullptr) serve_model(std::move(model), options);
    const HttpServerOptions http{
        .host = options.host, .port = options.port, .max_body_bytes = static_cast<uint64_t>(options.max_body_mb) << 20};
    server_ = std::make_unique<HttpServer>(http, routes(),
                                           [this](const Request& request) { return refuse_stranger(request, keys_); });
  }

  // Streams end with an error rather than in the middle.
  ~Impl() {
    if (served_.scheduler) served_.scheduler->end_all();
    tables_.end_all();
    drain(std::chrono::seconds(2));
    server_.reset();
  }

  bool drain(std::chrono::milliseconds time) {
    is_stopping_ = true;
    if (served_.scheduler) served_.scheduler->refuse_new();
    tables_.refuse_new();
    const auto end = std::chrono::steady_clock::now() + time;
    while (server_->num_under_way() > 0) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  const std::string& host() const { return host_; }
  const std::string& name() const { return served_.name; }
  int port() const { return server_->port(); }

 private:
  void serve_model(std::shared_ptr<const Model> model, const ServeOptions& options) {
    language_model_of(*model);
    served_.name = options.name.empty() ? model->info().path : options.name;
    served_.wrapping = choose_wrapping(options.chat, *model->tokenizer());
    served_.timeout = std::chrono::seconds(options.request_timeout_s);
    served_.created =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    served_.scheduler = std::make_unique<Scheduler>(*model, static_cast<size_t>(options.texts_at_once),
                                                    static_cast<size_t>(options.most_texts));
    served_.model = std::move(model);
  }

  // One group of routes a file.
  std::vector<Route> routes() {
    std::vector<Route> all;
    const auto add = [&](std::vector<Route> group) {
      all.insert(all.end(), std::make_move_iterator(group.begin()), std::make_move_iterator(group.end()));
    };
    if (served_.model != nullptr) {
      add(completion_routes(served_));
      add(chat_routes(served_));
      add(token_routes(served_));
    } else {
      add(routes_without_model());
    }
    add(table_routes(tables_));
    add(inspect_routes(tables_));
    add(page_routes());
    add(status_routes({.model = served_, .tables = tables_, .is_stopping = is_stopping_},
                      [this] { return server_->answer_counts(); }));
    return all;
  }

  std::string host_;
  std::vector<std::string> keys_;
  ServedModel served_;
  ServedTables tables_;
  std::atomic<bool> is_stopping_ = false;
  std::unique_ptr<HttpServer> server_;
};

Service::Service(std::shared_ptr<const Model> model, const ServeOptions& options)
    : impl_(std::make_unique<Impl>(std::move(model), options)) {}
Service::~Service() = default;

std::string Service::base_url() const {
  const bool is_ipv6 = impl_->host().find(':') != std::string::npos;
  return fmt::format("http://{}:{}/v1", is_ipv6 ? "[" + impl_->host() + "]" : impl_->host(), impl_->port());
}
const std::string& Service::name() const { return impl_->name(); }
int Service::port() const { return impl_->port(); }
bool Service::drain(std::chrono::milliseconds time) { return impl_->drain(time); }

}  // namespace manyshot::serve
