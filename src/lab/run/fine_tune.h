// Training of one unit of the laboratory, by the trainer of `manyshot train`.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "lab/run/lab_options.h"
#include "lab/run/training_texts.h"
#include "model/device/device.h"

namespace manyshot::lab {

struct FineTuneSetup {
  std::string model;  // path
  Device device;
  TuningOptions options;
  std::vector<TrainingText> texts;
  int64_t steps = 0;
  uint64_t seed = 0;
  std::string folder;  // texts.jsonl, recipe.toml and the run stand in it
  // Numbers of the weights in a checkpoint's folder, asked curve_points times.
  std::function<Json(const std::string& weights)> measure;
};

struct FineTuneResult {
  std::string weights;  // the last checkpoint's folder
  bool is_adapter = false;
  uint64_t texts = 0, presentations = 0, tokens = 0;
  int64_t steps = 0;
  double seconds = 0, flops = 0, loss = 0;
  Json curve = Json::array();  // what `measure` said, with "step"
};

// Goes on from the newest checkpoint where the folder holds one. Throws what training throws.
FineTuneResult fine_tune(const FineTuneSetup& setup, const std::string& version);

// The learning rate that 0 stands for.
double learning_rate_of(const TuningOptions& options);

}  // namespace manyshot::lab
