#include "train/plan/stage_stream.h"

#include <cmath>

#include "core/rng.h"

namespace manyshot::train {

StreamContext stream_context(const Recipe& recipe, size_t stage, const RunModel& model, DataPart part) {
  return {.tokenizer = model.tokenizer(),
          .compact = model.compact_config(),
          .vocab_size = model.vocab_size(),
          .seed = Rng(recipe.seed).child("stage", stage).bits(0),
          .split = {.validation = recipe.stages[stage].validation, .seed = recipe.seed, .part = part},
          .evaluation_tables = recipe.evaluate.tables};
}

StreamContext stream_context(const Recipe& recipe, const RunPlan& plan, size_t stage, const RunModel& model) {
  StreamContext context = stream_context(recipe, stage, model, DataPart::kTraining);
  context.num_positions = static_cast<uint64_t>(plan.stage_steps(stage)) * plan.step_samples(stage);
  return context;
}

void resolve_epochs(Recipe& recipe, const RunModel& model) {
  for (size_t number = 0; number < recipe.stages.size(); ++number) {
    StageRecipe& stage = recipe.stages[number];
    if (stage.epochs == 0) continue;
    const auto stream = open_stream(stage, stream_context(recipe, number, model, DataPart::kTraining));
    stage.tasks = std::llround(std::ceil(stage.epochs * static_cast<double>(stream->num_samples().value())));
  }
}

}  // namespace manyshot::train
