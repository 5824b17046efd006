#include "serve/status_routes.h"

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/version.h"

namespace manyshot::serve {
namespace {

Json model_json(const ServedModel& served) {
  return {{"id", served.name},
          {"object", "model"},
          {"created", served.created},
          {"owned_by", "manyshot"},
          {"max_model_len", served.window()}};
}

Response list_models(const ServedModel& served) {
  Json models = Json::array();
  if (served.model != nullptr) models.push_back(model_json(served));
  return {.body = Json{{"object", "list"}, {"data", std::move(models)}}.dump()};
}

Response show_model(const ServedModel& served, const Request& request) {
  const std::string& asked = request.parts.front();
  if (served.model == nullptr)
    fail(ErrorKind::kNotFound, "there is no model \"{}\" here: this server has no language model", excerpt(asked));
  if (asked != served.name) {
    fail(ErrorKind::kNotFound, "there is no model \"{}\" here; this server has \"{}\"", excerpt(asked), served.name);
  }
  return {.body = model_json(served).dump()};
}

Response health(const ServedState& served) {
  if (served.is_stopping) return error_response(503, "the server is stopping");
  return {.body = Json{{"status", "ok"}}.dump()};
}

// Prometheus's text form.
class MetricsText {
 public:
  void add(std::string_view name, std::string_view type, std::string_view help, double value) {
    begin(name, type, help);
    text_ += fmt::format("manyshot_{} {}\n", name, value);
  }
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    text_ += fmt::format("# HELP manyshot_{} {}\n# TYPE manyshot_{} {}\n", name, help, name, type);
  }
  // Labels hold no quotes or backslashes: routes are ours.
  void add_labelled(std::string_view name, std::string_view labels, double value) {
    text_ += fmt::format("manyshot_{}{{{}}} {}\n", name, labels, value);
  }
  Response response() && { return {.body = std::move(text_), .content_type = "text/plain; version=0.0.4"}; }

 private:
  std::string text_;
};

void add_texts(const SchedulerCounts& counts, MetricsText& text) {
  text.add("texts_total", "counter", "Texts written.", static_cast<double>(counts.texts));
  text.add("texts_cancelled_total", "counter", "Texts given up, since their client went or the server stopped.",
           static_cast<double>(counts.cancelled));
  text.add("texts_under_way", "gauge", "Texts being written or waiting.", static_cast<double>(counts.under_way));
  text.add("prompt_tokens_total", "counter", "Tokens of the prompts of written texts.",
           static_cast<double>(counts.prompt_tokens));
  text.add("tokens_total", "counter", "Tokens written.", static_cast<double>(counts.tokens));
}

void add_tables(const ServedTables& tables, MetricsText& text) {
  text.add("fits", "gauge", "Fits that are kept.", static_cast<double>(tables.fits.size()));
  text.add("fits_total", "counter", "Fits made.", static_cast<double>(tables.num_fitted));
  text.add("fits_under_way", "gauge", "Fits being made or waiting.", static_cast<double>(tables.fitting.num_waiting()));
  text.add("predicted_rows_total", "counter", "Rows predicted.", static_cast<double>(tables.num_predicted));
  text.add("prediction_passes_total", "counter", "Passes that predicted them, each for all that asked a fit.",
           static_cast<double>(tables.num_passes));
  text.add("predictions_under_way", "gauge", "Requests for predictions being answered or waiting.",
           static_cast<double>(tables.predicting.num_waiting()));
}

Response metrics(const ServedState& served, const AnswerCounts& answers) {
  MetricsText text;
  text.begin("requests_total", "counter", "Requests answered.");
  for (const auto& [answer, count] : answers) {
    const std::string route = answer.first.substr(0, answer.first.find("/("));  // without the pattern of a name
    text.add_labelled("requests_total", fmt::format("route=\"{}\",status=\"{}\"", route, answer.second),
                      static_cast<double>(count));
  }
  if (served.model.scheduler) add_texts(served.model.scheduler->counts(), text);
  add_tables(served.tables, text);
  text.add("memory_bytes", "gauge", "Memory of the process.", static_cast<double>(memory_used_bytes()));
  return std::move(text).response();
}

}  // namespace

std::vector<Route> status_routes(const ServedState& served, std::function<AnswerCounts()> answer_counts) {
  return {{"GET", "/v1/models", [served](const Request&) { return list_models(served.model); }},
          {"GET", "/v1/models/(.+)", [served](const Request& request) { return show_model(served.model, request); }},
          {"GET", "/health", [served](const Request&) { return health(served); }},
          {"GET", "/metrics",
           [served, counts = std::move(answer_counts)](const Request&) { return metrics(served, counts()); }}};
}

}  // namespace manyshot::serve
