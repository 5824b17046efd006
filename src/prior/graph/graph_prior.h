// The prior `graph`: tasks read off the vector-valued nodes of an explicit random graph (docs/prior.md, "graph").
#pragma once

#include "prior/graph/converters.h"
#include "prior/options.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

struct GraphBuffers {
  std::vector<NodeMatrix> nodes;
  NodeMatrix joined, output, slice, columns;
  RandomFunctions functions;
  Converters converters;
  std::vector<float> values;
};

// `task.target_kind` says what is asked for.
void draw_graph_task(const PriorSettings& settings, const Rng& rng, GraphBuffers& buffers, std::vector<int32_t>& labels,
                     Task& task, Notes* notes);

}  // namespace manyshot::prior
