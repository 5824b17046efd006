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

// Of `--table-models`, by the names that requests give.
std::map<std::string, std::string> paths_by_name(const std::vector<std::string>& models) {
  std::map<std::string, std::string> paths;
  for (const std::string& model : models) {
    resolve_model(model);
    if (!paths.emplace(short_model_name(model), model).second)
      fail(ErrorKind::kBadInput, "--table-models: two of them are called \"{}\"; rename one", short_model_name(model));
  }
  for (const std::vector<std::string>& ours : {method_names(), number_baseline_names(), {std::string(kAutoStudent)}}) {
    for (const std::string& name : ours) paths[name] = name;
  }
  return paths;
}

// In the order in which people choose.
std::vector<std::string> choices_of(const std::map<std::string, std::string>& paths,
                                    const std::vector<std::string>& further) {
  std::vector<std::string> names{std::string(kAuto), std::string(kAutoStudent)};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const std::string& model : further) add(short_model_name(model));
  for (const std::string& name : baseline_names()) add(name);
  for (const auto& [name, path] : paths) add(name);
  return names;
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + by.size()))
    text.replace(place, part.size(), by);
  return text;
}

}  // namespace

ServedTables::ServedTables(const TableOptions& options, std::chrono::seconds request_timeout)
    : fits(options.fits, static_cast<size_t>(options.most_fits), static_cast<size_t>(options.open_fits)),
      timeout(request_timeout),
      model_paths_(paths_by_name(options.table_models)),
      fitting("fits", kMostFitsWaiting),
      predicting("predictions", kMostPredictionsWaiting) {
  models = choices_of(model_paths_, options.table_models);
  for (const std::string& model : options.table_models) prompt_models.push_back(short_model_name(model));
  if (std::ranges::find(prompt_models, kAutoStudent) == prompt_models.end()) prompt_models.emplace_back(kAutoStudent);
}

void ServedTables::refuse_new() {
  fitting.refuse_new();
  predicting.refuse_new();
}

void ServedTables::end_all() {
  fitting.end_all();
  predicting.end_all();
}

const std::string& ServedTables::model_named(const std::string& name) const {
  if (const auto found = model_paths_.find(name); found != model_paths_.end()) return found->second;
  fail(ErrorKind::kNotFound, "model: there is no \"{}\" for tables here{}; this server has {}", excerpt(name),
       did_you_mean(name, models), list_names(models, models.size()));
}

void ServedTables::without_places(const std::function<void()>& call) const {
  try {
    call();
  } catch (const Error& error) {
    std::string message = replaced(error.what(), models_folder() + "/", "");
    for (const auto& [name, path] : model_paths_) {
      if (name != path) message = replaced(message, path, name);
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
