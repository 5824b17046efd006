// The root variables of `mlp` and `tree`.
#pragma once

#include "prior/scm/hyper_parameters.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"

namespace manyshot::prior {

// Fills `causes` [num_causes nodes, num_rows]. `notes` may be null; nodes are named c0, c1, …
void sample_causes(const ScmHyperParameters& hyper, size_t num_causes, size_t num_rows, const Rng& rng,
                   NodeMatrix& causes, Notes* notes);

// Shares of the values 1..10 of a Zipf law with that exponent, what lies beyond counted as 10. REQUIRES: exponent > 1.
std::vector<double> clamped_zipf_shares(double exponent);

}  // namespace manyshot::prior
