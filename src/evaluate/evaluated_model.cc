#include "evaluate/evaluated_model.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/options.h"
#include "core/sha256.h"
#include "core/text.h"
#include "evaluate/endpoint/endpoint_method.h"
#include "evaluate/published_baselines.h"
#include "model/compact/config.h"
#include "model/language/text_model.h"
#include "predict/auto_method.h"
#include "predict/baselines.h"
#include "predict/in_context_numbers.h"
#include "predict/model_store.h"
#include "predict/number_baselines.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr size_t kHashedBytes = 1 << 20;  // of either end of a weight file: enough to tell two trainings apart

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void hash_file_ends(const fs::path& path, Sha256& hash) {
  const MappedFile file(path.string());
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  hash.add(fmt::format("{} {}\n", path.filename().string(), bytes.size()));
  hash.add(bytes.substr(0, kHashedBytes));
  hash.add(bytes.substr(bytes.size() - std::min(bytes.size(), kHashedBytes)));
}

void hash_path(const std::string& path, Sha256& hash) {
  if (path.empty()) return;
  if (!fs::is_directory(path)) return hash_file_ends(path, hash);
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.insert(entry.path());
  }
  for (const fs::path& file : files) hash_file_ends(file, hash);
}

// What of an endpoint's options the answers depend on.
Json answer_options(const EndpointOptions& endpoint) {
  Json json = values_of(endpoint);
  for (const char* name : {"api_key_env", "request_timeout_s", "max_retries", "requests_per_minute",
                           "tokens_per_minute", "concurrency", "response_cache", "prompt_price", "answer_price"}) {
    json.erase(name);
  }
  return json;
}

// The options that the answers depend on. What is told of trees and of lines is left out where there are none, so that
// results of versions before them count.
Json answer_options(const EvaluatedModel& model) {
  Json json = values_of(model.options);
  const PromptForm& prompt = model.options.prompt;
  if (!prompt.digits) json.erase("digits");
  if (!prompt.prompt_columns) json.erase("prompt_columns");
  if (!prompt.prompt_tokens) json.erase("prompt_tokens");
  if (model.options.teacher.teacher == Teacher::kNone && model.name != kAuto) {
    json.erase("teacher");
    json.erase("teacher_seconds");
  }
  return json;
}

std::string hash_model(const EvaluatedModel& model) {
  Sha256 hash;
  hash.add(answer_options(model).dump());
  if (model.is_endpoint) hash.add(answer_options(model.endpoint).dump());
  hash_path(model.path, hash);
  if (!model.path.empty()) hash_path(adapter_of(model.path, model.options.adapter), hash);
  return hash.hex();
}

// Cuts the last "+option=value" off `name` and returns it, or nothing.
std::string cut_setting(std::string& name) {
  const size_t plus = name.rfind('+');
  if (plus == std::string::npos || name.find('=', plus) == std::string::npos) return "";
  std::string setting = name.substr(plus + 1);
  name.resize(plus);
  return setting;
}

EvaluatedModel parse_model(const std::string& spelling, const MethodOptions& options) {
  EvaluatedModel model{.spelling = spelling, .name = spelling, .options = options};
  std::vector<std::string> settings;
  for (std::string setting; !(setting = cut_setting(model.name)).empty();) settings.push_back(setting);
  const OptionList list = named_by_keys(options_of(model.options));
  try {
    for (const std::string& setting : settings) {
      const size_t equals = setting.find('=');
      set_option(list, setting.substr(0, equals), setting.substr(equals + 1));
    }
  } catch (const Error& error) {
    refuse_option("models", "\"{}\": {}", spelling, error.what());
  }
  return model;
}

}  // namespace

std::vector<EvaluatedModel> find_models(const std::vector<std::string>& spellings, const MethodOptions& options,
                                        const EndpointOptions& endpoint) {
  std::vector<std::string> known = method_names();
  known.insert(known.end(), published_baselines().begin(), published_baselines().end());
  for (const std::string& name : number_baseline_names()) {
    if (!contains(known, name)) known.push_back(name);
  }
  std::vector<EvaluatedModel> models;
  for (const std::string& spelling : spellings) {
    EvaluatedModel model = parse_model(spelling, options);
    for (const EvaluatedModel& other : models) {
      if (other.spelling == spelling) refuse_option("models", "\"{}\" is named twice", spelling);
    }
    model.is_endpoint = is_endpoint_model(model.name);
    if (model.is_endpoint) {
      model.single_threaded = false;
      model.endpoint = endpoint;
    } else if (model.name == kAuto) {
      model.single_threaded = false;
      model.path = resolve_model(std::string(kAutoStudent));
    } else if (!contains(known, model.name)) {
      model.single_threaded = false;
      model.path = resolve_model(model.name, known);
    }
    if (model.is_endpoint || model.name == kAuto || model.path.empty()) {
      model.predicts_numbers = model.name == kAuto || is_number_baseline(model.name);
      model.predicts_classes = model.name == kAuto || !model.predicts_numbers || is_baseline(model.name);
    } else {
      model.predicts_numbers = weights_predict_numbers(model.path);
    }
    model.answers_missing_classes_with_majority = model.name == "paper-xgboost";
    if (model.is_endpoint || !model.path.empty()) model.hash = hash_model(model);
    models.push_back(std::move(model));
  }
  return models;
}

std::string forest_among(const std::vector<EvaluatedModel>& models) {
  for (const char* name : {"forest", "paper-forest"}) {
    for (const EvaluatedModel& model : models) {
      if (model.spelling == name) return name;
    }
  }
  return "";
}

std::string uncalibrated_twin(const EvaluatedModel& model, const std::vector<EvaluatedModel>& models) {
  if (model.path.empty() || model.options.calibrate == Calibrate::kNone) return "";
  MethodOptions wanted = model.options;
  wanted.calibrate = Calibrate::kNone;
  for (const EvaluatedModel& other : models) {
    const bool is_same = other.path == model.path && (other.name == kAuto) == (model.name == kAuto);
    if (is_same && values_of(other.options) == values_of(wanted)) return other.spelling;
  }
  return "";
}

std::unique_ptr<Method> open_model(const EvaluatedModel& model, uint64_t seed) {
  if (contains(published_baselines(), model.name)) return open_published_baseline(model.name, seed);
  if (model.is_endpoint) return open_endpoint_method(model.name, model.endpoint, model.options, seed);
  return open_method(model.name, model.options, seed);
}

}  // namespace manyshot
