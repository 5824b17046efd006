#include "prior/prior.h"

#include "prior/effects/effects_prior.h"
#include "prior/explain.h"
#include "prior/forest_prior.h"
#include "prior/graph/graph_prior.h"
#include "prior/random/draws.h"
#include "prior/scm/scm_prior.h"

namespace manyshot::prior {

struct PriorScratch::Buffers {
  ScmBuffers scm;
  GraphBuffers graph;
  EffectsBuffers effects;
  std::vector<int32_t> labels;
};

namespace {

void draw_task(const PriorOptions& options, const PriorSettings& settings, uint64_t index,
               PriorScratch::Buffers& buffers, Task& task, Notes* notes) {
  const Rng rng = Rng(options.seed).child("prior task", index);
  task.index = index;
  task.rejections = {};
  std::vector<double> weights;
  for (const PriorSettings::Part& part : settings.parts) weights.push_back(part.weight);
  Draws draws(rng.child("part"));
  const PriorKind kind = settings.parts[draws.weighted(weights)].kind;
  const Rng own = rng.child(name_of(kind));
  const bool number = settings.number_share > 0 && Draws(rng.child("target")).chance(settings.number_share);
  task.target_kind = number ? TargetKind::kNumber : TargetKind::kClass;
  task.target_values.clear();
  task.target_info = {};
  if (kind == PriorKind::kGraph) {
    draw_graph_task(settings, own, buffers.graph, buffers.labels, task, notes);
  } else if (kind == PriorKind::kForest) {
    draw_forest_task(settings, own, buffers.graph.columns, buffers.labels, task, notes);
  } else if (kind == PriorKind::kEffects) {
    draw_effects_task(settings, own, buffers.effects, task, notes);
  } else {
    draw_scm_task(kind, settings, own, buffers.scm, buffers.labels, task, notes);
  }
}

}  // namespace

PriorScratch::PriorScratch() : buffers_(std::make_unique<Buffers>()) {}
PriorScratch::~PriorScratch() = default;
PriorScratch::PriorScratch(PriorScratch&&) noexcept = default;
PriorScratch& PriorScratch::operator=(PriorScratch&&) noexcept = default;

Prior::Prior(const PriorOptions& options) : options_(options), settings_(parse_settings(options)) {}
Prior::~Prior() = default;

void Prior::draw(uint64_t index, PriorScratch& scratch, Task& task) const {
  draw_task(options_, settings_, index, scratch.buffers(), task, nullptr);
}

Task Prior::draw(uint64_t index, PriorScratch& scratch) const {
  Task task;
  draw(index, scratch, task);
  return task;
}

Json Prior::explain(uint64_t index, PriorScratch& scratch) const {
  Task task;
  Notes notes;
  draw_task(options_, settings_, index, scratch.buffers(), task, &notes);
  return explanation_json(task, notes, options_);
}

}  // namespace manyshot::prior
