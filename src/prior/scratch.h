// The memory behind PriorScratch.
#pragma once

#include <vector>

#include "prior/graph/graph_prior.h"
#include "prior/prior.h"
#include "prior/scm/scm.h"

namespace manyshot {

struct PriorScratch::Buffers {
  ScmBuffers scm;
  GraphBuffers graph;
  std::vector<int32_t> labels;
};

}  // namespace manyshot
