#include "train/plan/stage_stream.h"

#include "core/rng.h"

namespace manyshot::train {

StreamContext stream_context(const Recipe& recipe, const RunPlan& plan, size_t stage, const RunModel& model) {
  return {.tokenizer = model.tokenizer(),
          .compact = model.compact_config(),
          .vocab_size = model.vocab_size(),
          .seed = Rng(recipe.seed).child("stage", stage).bits(0),
          .num_positions = static_cast<uint64_t>(plan.stage_steps(stage)) * plan.step_samples(stage),
          .evaluation_tables = recipe.evaluate.tables};
}

}  // namespace manyshot::train
