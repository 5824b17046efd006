// What a training run came to.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "train/record/ability_record.h"

namespace manyshot::train {

struct RunReport {
  int64_t steps = 0, total_steps = 0;
  int processes = 1;
  double seconds = 0;
  double flops = 0;
  uint64_t tokens = 0, samples = 0;
  double loss = 0;                   // mean of the last steps; NaN: none is known
  double utilisation = 0;            // of this call's training time; 0: not known
  Json evaluation = Json::object();  // the last one
  GeneralAbilityChange ability;
  std::string checkpoint;       // the last one's folder
  std::string best_checkpoint;  // by recipe.checkpoint.best_metric; empty: none
};

// What `manyshot train --json` prints (docs/formats/json.md).
Json to_json(const RunReport& report);

}  // namespace manyshot::train
