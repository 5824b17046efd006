// The prior `forest`: labels by the vote, or numbers by the mean, of random trees that nothing is fitted to
// (docs/prior.md, "forest").
#pragma once

#include "core/rng.h"
#include "prior/options.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// `task.target_kind` says what is asked for.
void draw_forest_task(const PriorSettings& settings, const Rng& rng, NodeMatrix& columns, std::vector<int32_t>& labels,
                      Task& task, Notes* notes);

}  // namespace manyshot::prior
