// The models of an evaluation, by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluate/endpoint/endpoint_options.h"
#include "predict/predictor.h"

namespace manyshot {

// A model as it was asked for: NAME, or NAME+option=value… with options of MethodOptions that differ from the run's
// ("default+ensemble=1+calibrate=none"), so that variants of one model stand side by side.
//   NAME  auto (predict/auto_method.h); a baseline (predict/baselines.h, published_baselines.h); an installed model, a
//   model folder or a .gguf file;
//         openai:NAME, a model of an endpoint
struct EvaluatedModel {
  std::string spelling;  // the whole of it; its name in results
  std::string name;
  MethodOptions options;
  EndpointOptions endpoint;
  bool is_endpoint = false;     // its units wait for a server, not for the processor
  std::string path;             // of the weights; "" for baselines and endpoints
  std::string hash;             // of the weights and the options: a ledger keeps results only for the same ones
  bool single_threaded = true;  // baselines: many units at a time
  // As the published XGBoost: see published_baselines.h.
  bool answers_missing_classes_with_majority = false;
  bool predicts_classes = true;
  bool predicts_numbers = false;
};

// The forest among the models: "forest", else "paper-forest", else "".
std::string forest_among(const std::vector<EvaluatedModel>& models);

// The model among `models` that is `model` but for calibrate=none; "" when there is none, or `model` is not calibrated.
std::string uncalibrated_twin(const EvaluatedModel& model, const std::vector<EvaluatedModel>& models);

// Throws Error(kBadInput, kNotFound) for unknown names, and OptionError of "models" for unknown options and for a model
// that is named twice.
std::vector<EvaluatedModel> find_models(const std::vector<std::string>& spellings, const MethodOptions& options,
                                        const EndpointOptions& endpoint = {});

// REQUIRES: model.predicts_classes.
std::unique_ptr<Method> open_model(const EvaluatedModel& model, uint64_t seed);

}  // namespace manyshot
