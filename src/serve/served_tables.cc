#include "serve/served_tables.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "predict/auto_method.h"
#include "predict/baselines.h"
#include "predict/model_store.h"
#include "predict/number_baselines.h"

namespace manyshot::serve {
namespace {

constexpr size_t kMostFitsWaiting = 32, kMostPredictionsWaiting = 1024;
constexpr std::array<std::string_view, 3> kOptionsOfReading{"encoding", "delimiter", "no_header"};

std::vector<std::string> allowed_models(const std::vector<std::string>& further) {
  std::vector<std::string> models{std::string(kAuto), std::string(kAutoStudent)};
  for (const std::vector<std::string>& more : {further, baseline_names(), number_baseline_names()}) {
    for (const std::string& name : more) {
      if (std::ranges::find(models, name) == models.end()) models.push_back(name);
    }
  }
  return models;
}

std::string without(std::string text, const std::string& part) {
  for (size_t place = text.find(part); !part.empty() && place != std::string::npos; place = text.find(part, place))
    text.erase(place, part.size());
  return text;
}

}  // namespace

ServedTables::ServedTables(const TableOptions& options, std::chrono::seconds request_timeout)
    : fits(options.fits, static_cast<size_t>(options.most_fits), static_cast<size_t>(options.open_fits)),
      timeout(request_timeout),
      models(allowed_models(options.table_models)),
      fitting("fits", kMostFitsWaiting),
      predicting("predictions", kMostPredictionsWaiting) {
  for (const std::string& name : options.table_models) resolve_model(name);
}

void ServedTables::refuse_new() {
  fitting.refuse_new();
  predicting.refuse_new();
}

void ServedTables::end_all() {
  fitting.end_all();
  predicting.end_all();
}

void ServedTables::check_model(const std::string& name) const {
  if (std::ranges::find(models, name) != models.end()) return;
  fail(ErrorKind::kNotFound, "model: there is no \"{}\" for tables here{}; this server has {}", excerpt(name),
       did_you_mean(name, models), list_names(models, models.size()));
}

void ServedTables::without_places(const std::function<void()>& call) const {
  try {
    call();
  } catch (const Error& error) {
    std::string message = without(error.what(), models_folder() + "/");
    for (const std::string& model : models) {
      const size_t name = model.find_last_of('/');
      if (name != std::string::npos) message = without(message, model.substr(0, name + 1));
    }
    throw Error(error.kind(), message);
  }
}

OptionList reading_options(TaskOptions& options) {
  OptionList list;
  for (const Option& option : named_by_keys(options_of(options))) {
    if (std::ranges::find(kOptionsOfReading, option.name) != kOptionsOfReading.end()) list.push_back(option);
  }
  return list;
}

TableRequest read_table_request(const Request& request, const std::string& name) {
  TaskOptions csv;
  const OptionList options = reading_options(csv);
  GivenOptions(request, Json::object()).take_all(options);
  TableBody body;
  as_bad_input([&] {
    body = read_table_body(request.body, body_format(request.content_type, request.body),
                           {.encoding = csv.encoding, .delimiter = csv.delimiter, .has_header = !csv.no_header}, name);
  });
  GivenOptions given(request, body.fields);
  given.take_all(options);
  return {std::move(body), std::move(given)};
}

TableFile take_table(TableRequest& request, const std::string& name) {
  if (request.body.table) return *std::move(request.body.table);
  fail(ErrorKind::kBadInput, "{}: the body has no \"rows\"; send a list of objects, or \"columns\" and \"rows\"", name);
}

void as_bad_input(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    throw Error(ErrorKind::kBadInput, error.what());
  }
}

}  // namespace manyshot::serve
