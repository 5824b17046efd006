#include <malloc.h>
#include <signal.h>

#include <cstdlib>

#include "cli/command.h"
#include "cli/language_model_options.h"
#include "core/error.h"
#include "core/log.h"
#include "serve/service.h"

namespace manyshot {
namespace {

// For a visit(): a language model is not needed.
template <class Visitor>
struct NothingRequired {
  Visitor& visitor;
  void set_heading(std::string_view) { option_heading(visitor, "Language model"); }
  template <class Member>
  void operator()(std::string_view name, Member& member, Constraint limits, std::string_view help) {
    const std::string without = limits.is_required ? " Without one tables alone are served." : "";
    limits.is_required = false;
    visitor(name, member, std::move(limits), std::string(help) + without);
  }
};

struct ServeCommandOptions {
  LanguageModelOptions language;
  serve::ServeOptions serve;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    NothingRequired<Visitor> language_visitor{v};
    LanguageModelOptions::visit(self.language, language_visitor);
    serve::ServeOptions::visit(self.serve, v);
  }
};

// SIGINT and SIGTERM, taken by this thread alone; threads that are started afterwards do not see them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }
  // Whether one came within the time.
  bool came(std::chrono::milliseconds time) const {
    const timespec patience{.tv_sec = time.count() / 1000, .tv_nsec = time.count() % 1000 * 1'000'000};
    return sigtimedwait(&signals_, nullptr, &patience) > 0;
  }

 private:
  sigset_t signals_{};
};

class ServeCommand : public Command {
 public:
  std::string name() const override { return "serve"; }
  std::string summary() const override { return "tables, a page, and a language model behind HTTP"; }
  std::string details() const override {
    return "Fits and predicts tables with the numbers of manyshot fit and predict, at /v1/fit and /v1/predict and, for "
           "people, on a page at /. With --model also a language model as OpenAI's API has it: /v1/completions (with "
           "echo and logprobs), /v1/chat/completions, /v1/models, /tokenize and /detokenize. Further /health and "
           "/metrics (docs/serve.md). Answers this machine alone unless --host and --api-key-file say otherwise. "
           "Requests that come at the same time are answered together, and each gets what it would get alone. The "
           "first line of standard output says where it listens. Ctrl-C or SIGTERM ends it when what is under way is "
           "done; a second one at once.";
  }
  std::string examples() const override {
    return "    manyshot serve\n"
           "    curl 'http://127.0.0.1:8080/v1/fit?target=species&name=flowers' -H 'Content-Type: text/csv' "
           "--data-binary @train.csv\n"
           "    curl 'http://127.0.0.1:8080/v1/predict?fit=flowers' -H 'Content-Type: text/csv' -H 'Accept: text/csv' "
           "--data-binary @test.csv\n"
           "    manyshot serve --model smollm2 --fits fits\n"
           "    curl http://127.0.0.1:8080/v1/completions -d '{\"prompt\": \"The three primary colours are\", "
           "\"temperature\": 0}'\n"
           "    manyshot serve --model ./my-model --host 0.0.0.0 --port 8000 --api-key-file keys.txt\n";
  }
  bool uses_device() const override { return true; }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    options_.serve.validate();
    // A server has many threads. Arrow's own allocator keeps some megabytes for every thread that has read a table; the
    // system's keeps some for every arena, of which it would make one for each thread.
    setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
    mallopt(M_ARENA_MAX, 2);
    const StopSignals signals;
    std::shared_ptr<const Model> model;
    if (!options_.language.model.empty()) {
      model = options_.language.load(parse_device(common.device));
      if (options_.serve.name.empty()) options_.serve.name = serve::short_model_name(options_.language.model);
    }
    serve::Service service(std::move(model), options_.serve);
    if (common.json) {
      print_summary(*this, {{"url", service.base_url()}, {"name", service.name()}, {"port", service.port()}});
    } else {
      fmt::print("{} served at {}\n", service.name().empty() ? "tables are" : service.name() + " is",
                 service.base_url());
    }
    std::fflush(stdout);

    signals.wait();
    log::info("stopping; what is under way has {} s", options_.serve.stop_timeout_s);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options_.serve.stop_timeout_s);
    while (!service.drain(std::chrono::milliseconds(0))) {
      if (std::chrono::steady_clock::now() > end || signals.came(std::chrono::milliseconds(50))) {
        log::warning("ended before everything was finished");
        break;
      }
    }
  }

 private:
  ServeCommandOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_serve_command() { return std::make_unique<ServeCommand>(); }

}  // namespace manyshot
