#include "prior/graph/dag.h"

#include <algorithm>
#include <cmath>

namespace manyshot::prior {

Dag draw_dag(GraphFamily family, size_t num_nodes, Draws& draws) {
  Dag dag;
  dag.parents.resize(num_nodes);
  const auto for_pairs = [&](const auto& probability) {
    for (uint32_t child = 0; child < num_nodes; ++child) {
      for (uint32_t parent = 0; parent < child; ++parent) {
        if (draws.chance(probability(parent, child))) dag.parents[child].push_back(parent);
      }
    }
  };
  const auto add = [&](uint32_t child, uint32_t parent) {
    auto& parents = dag.parents[child];
    const auto place = std::lower_bound(parents.begin(), parents.end(), parent);
    if (place == parents.end() || *place != parent) parents.insert(place, parent);
  };
  switch (family) {
    case GraphFamily::kCauchy: {
      const double all = draws.cauchy();
      std::vector<double> out(num_nodes), in(num_nodes);
      for (double& value : out) value = draws.cauchy();
      for (double& value : in) value = draws.cauchy();
      for_pairs([&](uint32_t parent, uint32_t child) { return 1 / (1 + std::exp(-(all + out[parent] + in[child]))); });
      break;
    }
    case GraphFamily::kErdosRenyi: {
      const double mean_parents = draws.log_uniform(0.7, 4);
      const double probability = std::min(1.0, 2 * mean_parents / std::max(1.0, static_cast<double>(num_nodes) - 1));
      for_pairs([&](uint32_t, uint32_t) { return probability; });
      break;
    }
    case GraphFamily::kScaleFree: {
      const auto most = static_cast<uint64_t>(draws.between(1, 3));
      for (uint32_t child = 1; child < num_nodes; ++child) {
        for (uint64_t link = 0; link <= draws.below(most); ++link) {
          auto parent = static_cast<uint32_t>(draws.below(child));
          if (!dag.parents[parent].empty() && draws.chance(0.5)) {
            parent = dag.parents[parent][draws.below(dag.parents[parent].size())];
          }
          add(child, parent);
        }
      }
      break;
    }
    case GraphFamily::kLayered: {
      const auto num_layers = static_cast<uint64_t>(draws.between(2, 5));
      const double probability = draws.uniform(0.2, 1);
      std::vector<uint64_t> layer(num_nodes);
      for (uint64_t& value : layer) value = draws.below(num_layers);
      std::sort(layer.begin(), layer.end());
      for_pairs([&](uint32_t parent, uint32_t child) { return layer[parent] + 1 == layer[child] ? probability : 0.0; });
      break;
    }
    case GraphFamily::kTree: {
      const double chain = draws.uniform();  // probability that a node hangs on the last one
      for (uint32_t child = 1; child < num_nodes; ++child) {
        add(child, draws.chance(chain) ? child - 1 : static_cast<uint32_t>(draws.below(child)));
      }
      break;
    }
  }
  return dag;
}

std::vector<uint8_t> ancestors_or_self(const Dag& dag, const std::vector<uint32_t>& of) {
  std::vector<uint8_t> marked(dag.num_nodes(), 0);
  for (const uint32_t node : of) marked[node] = 1;
  for (size_t node = dag.num_nodes(); node-- > 0;) {
    if (!marked[node]) continue;
    for (const uint32_t parent : dag.parents[node]) marked[parent] = 1;
  }
  return marked;
}

}  // namespace manyshot::prior
