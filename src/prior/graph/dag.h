// Random directed acyclic graphs: edges go from lower to higher numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

enum class GraphFamily {
  kCauchy,      // edge i -> j with probability sigmoid(A + B_i + C_j), all standard Cauchy: hubs, sinks, empty and full
                // graphs
  kErdosRenyi,  // each edge with one probability
  kScaleFree,   // each node copies its parents from earlier nodes, redirected to their parents half of the time
  kLayered,     // edges between neighbouring layers only
  kTree,        // one parent each; a chain when the parent is always the last
};
constexpr auto names_of(GraphFamily) {
  return std::to_array<Named<GraphFamily>>({{GraphFamily::kCauchy, "cauchy"},
                                            {GraphFamily::kErdosRenyi, "erdos_renyi"},
                                            {GraphFamily::kScaleFree, "scale_free"},
                                            {GraphFamily::kLayered, "layered"},
                                            {GraphFamily::kTree, "tree"}});
}
inline constexpr size_t kNumGraphFamilies = names_of(GraphFamily{}).size();

struct Dag {
  std::vector<std::vector<uint32_t>> parents;  // increasing
  size_t num_nodes() const { return parents.size(); }
};
Dag draw_dag(GraphFamily family, size_t num_nodes, Draws& draws);

// Per node: is it an ancestor of one of `of`, or one of them?
std::vector<uint8_t> ancestors_or_self(const Dag& dag, const std::vector<uint32_t>& of);

}  // namespace manyshot::prior
