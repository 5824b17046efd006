// What a run would need, found out without training: memory, tokens, time.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "train/models/run_model.h"
#include "train/plan/memory_plan.h"
#include "train/recipe.h"

namespace manyshot::train {

// GPUs that a run may be given one day, of a rate in floating-point operations a second; 0: not asked.
struct GpuQuestion {
  int count = 0;
  double rate = 0;
};

struct StageCheck {
  StageMemory memory;
  std::string data;
  int64_t steps = 0;
  uint64_t samples = 0;  // over all processes
  bool fits = true;
  std::vector<std::string> ways_to_fit;  // when it does not
  // When it fits: from samples spread over the stage, and from the time of one batch of such.
  double first_loss = 0;
  double tokens_per_sample = 0;
  double seconds = 0;            // of the whole stage
  double tokens_per_second = 0;  // of this process
  // On those GPUs, of a language model: from samples spread over the stage, without weights.
  double flops = 0;        // of the whole stage
  double gpu_seconds = 0;  // on all of them
  uint64_t gpu_bytes = 0;  // of each one's memory, at least
};

struct RunCheck {
  Json recipe;
  std::string model;
  int world_size = 1;
  uint64_t memory_limit = 0;
  GpuQuestion gpus;
  std::vector<StageCheck> stages;
};

// Looks at the data of every stage and at memory; reads no weights.
RunCheck plan_run(const Recipe& recipe, RunModel& model, int world_size, const GpuQuestion& gpus = {});
// Computes the gradient of one batch of every stage that fits; the model's weights do not change.
void measure_run(const Recipe& recipe, RunModel& model, RunCheck& check);
std::string check_text(const RunCheck& check);
Json to_json(const RunCheck& check);

}  // namespace manyshot::train
