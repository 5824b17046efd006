// How many tokens the rest of a run will read: the time left of a run whose samples grow.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "train/data/sample_stream.h"
#include "train/plan/run_plan.h"

namespace manyshot::train {

// Mean of something over `count` of the samples at positions first .. end, evenly spread; drawn by all threads, and the
// same for any number of them.
double mean_of_samples(const SampleStream& stream, uint64_t first, uint64_t end, uint64_t count,
                       const std::function<double(const TrainSample&)>& value);
double mean_tokens(const SampleStream& stream, uint64_t first, uint64_t end, uint64_t count);

// The stage without the forest's judgement of its tasks, which takes most of a draw's time and has little to do with
// lengths.
StageRecipe without_judgement(StageRecipe stage);

// Tokens of a stage's steps are estimated once, from a few samples drawn for each phase of its growth. RunMeter scales
// the forecast to what was read so far.
class TokenForecast {
 public:
  // The stages have to be added in order; what comes before the first added one is not foretold. A stage that gives no
  // sample (the run will say why) makes the forecast unknown.
  void add_stage(const StageRecipe& stage, const RunPlan& plan, size_t number, const SampleStream& stream);

  bool is_known() const { return is_known_ && !parts_.empty(); }
  // Of the run's steps first .. end (not included), over all processes. REQUIRES: is_known().
  double tokens(int64_t first, int64_t end) const;

 private:
  // Steps of about the same size.
  struct Part {
    int64_t first = 0, end = 0;
    double step_tokens = 0;
  };
  std::vector<Part> parts_;
  bool is_known_ = true;
};

}  // namespace manyshot::train
