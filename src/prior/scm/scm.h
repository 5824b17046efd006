// What the structural causal models of `mix` share: they fill columns for features and one for the label's score.
#pragma once

#include <functional>

#include "prior/scm/boosted_trees.h"
#include "prior/scm/fourier.h"
#include "prior/scm/hyper_parameters.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"

namespace manyshot::prior {

struct ScmShape {
  size_t num_rows = 0;
  size_t num_features = 0;
};

// Memory of one draw, kept for the next.
struct ScmBuffers {
  NodeMatrix causes, values, activated, next;
  NodeMatrix features;  // the result: num_features nodes
  std::vector<float> weights, gathered, biases, noise_stds;
  FourierTable fourier;
  BoostedTrees trees;
};

enum class ScmResult { kDone, kNotFinite, kRefused };

// Asked as soon as the label's score is known, before the features are: false ends the draw with kRefused.
using AcceptScore = std::function<bool(const float* y)>;

// One draw of causes, weights and noise of the multilayer perceptron of docs/prior.md, "mlp". Layer by layer, and only
// what the chosen nodes depend on.
ScmResult draw_mlp_scm(const ScmHyperParameters& hyper, const ScmShape& shape, const Rng& rng, ScmBuffers& buffers,
                       const AcceptScore& accept, Notes* notes);

// One draw of the chain of fitted tree layers of docs/prior.md, "tree".
ScmResult draw_tree_scm(const ScmHyperParameters& hyper, const ScmShape& shape, const Rng& rng, ScmBuffers& buffers,
                        const AcceptScore& accept, Notes* notes);

}  // namespace manyshot::prior
