// The priors `mlp` and `tree`: structural causal models turned into classification tasks.
#pragma once

#include <vector>

#include "prior/options.h"
#include "prior/scm/scm.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// Draws again until a table passes the checks of prior/task/classification.h; counts the refusals in Task::rejections.
// REQUIRES: kind is kMlp or kTree.
void draw_scm_task(PriorKind kind, const PriorSettings& settings, const Rng& rng, ScmBuffers& buffers,
                   std::vector<int32_t>& labels, Task& task, Notes* notes);

}  // namespace manyshot::prior
