// The priors `mlp` and `tree`: structural causal models turned into classification tasks.
#pragma once

#include "prior/prior.h"
#include "prior/scratch.h"

namespace manyshot {

enum class ScmKind { kMlp, kTree };
void draw_scm_task(ScmKind kind, const PriorSettings& settings, const Rng& rng, PriorScratch::Buffers& buffers,
                   Task& task, Notes* notes);

// Rows of a task: log-uniform over the range.
size_t draw_num_rows(const PriorSettings& settings, const Rng& rng);
// Two with the probability `binary` when the range has two, else uniform on the range.
int draw_num_classes(const PriorSettings& settings, double default_binary, const Rng& rng);

// For graph and forest: uniform on the range, or, without one, log-uniform from 2 to a 25th of the rows, 40 at most.
size_t draw_num_features(const PriorSettings& settings, size_t num_rows, const Rng& rng);

}  // namespace manyshot
