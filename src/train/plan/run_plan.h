// When a run does what: the steps of its stages, the samples of each step, and the learning rate.
#pragma once

#include <cstdint>
#include <vector>

#include "train/recipe.h"

namespace manyshot::train {

class RunPlan {
 public:
  RunPlan(const Recipe& recipe, int rank, int world_size);

  struct Place {
    size_t stage = 0;
    int64_t step = 0;  // within the stage
  };
  // Where the run stands when `steps_done` optimiser steps are done. REQUIRES: steps_done < total_steps().
  Place place(int64_t steps_done) const;
  int64_t total_steps() const { return first_step_.back(); }
  int64_t first_step(size_t stage) const { return first_step_[stage]; }  // of the run
  int64_t stage_steps(size_t stage) const { return first_step_[stage + 1] - first_step_[stage]; }

  int world_size() const { return static_cast<int>(world_size_); }

  // Samples of one step over all processes, and of this process.
  uint64_t step_samples(size_t stage) const;
  uint64_t own_step_samples(size_t stage) const;
  // The stream's position of this process' sample `number` of the stage. Batches of a step go round the processes, so
  // that two processes see what one with twice the accumulation sees.
  uint64_t position(size_t stage, uint64_t number) const;
  // The number over all processes of this process' batch `batch` of a step.
  uint64_t batch_number(uint64_t batch) const { return batch * world_size_ + rank_; }

 private:
  std::vector<StageRecipe> stages_;
  std::vector<int64_t> first_step_;  // of each stage, and the total
  uint64_t rank_, world_size_;
};

}  // namespace manyshot::train
