// The prior `forest`: labels by the vote of random trees that nothing is fitted to (docs/prior.md, "forest").
#pragma once

#include "core/rng.h"
#include "prior/options.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

void draw_forest_task(const PriorSettings& settings, const Rng& rng, NodeMatrix& columns, std::vector<int32_t>& labels,
                      Task& task, Notes* notes);

}  // namespace manyshot::prior
