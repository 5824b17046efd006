#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/scm/causes.h"
#include "prior/scm/scm.h"

namespace manyshot::prior {
namespace {

// "trees 2, depth 3 on c4 < 0.31, …": the splits of a fitted layer in words, roots first.
std::string layer_text(const BoostedTrees& trees, const std::string& input_prefix) {
  std::string text;
  size_t listed = 0;
  for (const TreeSplit& split : trees.splits()) {
    if (listed++ == 6) break;
    text += fmt::format("{}{}{} < {}", text.empty() ? "" : ", ", input_prefix, split.feature,
                        short_number(split.threshold));
  }
  if (trees.splits().size() > 6) text += fmt::format(" and {} more splits", trees.splits().size() - 6);
  return text;
}

}  // namespace

ScmResult draw_tree_scm(const ScmHyperParameters& hyper, const ScmShape& shape, const Rng& rng, ScmBuffers& buffers,
                        const AcceptScore& accept, Notes* notes) {
  Draws once(rng.child("structure"));
  const auto num_layers = static_cast<size_t>(once.between(1, 2));
  const auto width = static_cast<size_t>(once.between(3, 9));
  if (notes != nullptr) {
    notes->details["num_layers"] = num_layers;
    notes->details["width"] = width;
    notes->details["layers"] = Json::array();
  }
  sample_causes(hyper, shape.num_features, shape.num_rows, rng.child("causes"), buffers.causes, notes);

  // num_layers layers of `width`, then one of width 1; noise behind all but the first.
  const NodeMatrix* input = &buffers.causes;
  NodeMatrix* output = &buffers.values;
  NodeMatrix* spare = &buffers.activated;
  const BulkRandom noise(rng.child("noise"));
  for (size_t layer = 0; layer <= num_layers; ++layer) {
    const Rng layer_rng = rng.child("layer", layer);
    Draws draws(layer_rng);
    BoostingOptions options;
    options.max_depth = static_cast<int>(std::min(4.0, 2 + std::floor(2 * draws.exponential())));
    options.num_trees = static_cast<int>(std::min(4.0, 1 + std::floor(2 * draws.exponential())));
    const size_t num_outputs = layer < num_layers ? width : 1;
    output->reshape(num_outputs, shape.num_rows);
    const BulkRandom targets(layer_rng.child("targets"));
    for (size_t unit = 0; unit < num_outputs; ++unit) {
      targets.normal(static_cast<uint32_t>(unit), 0, 1, output->node(unit), shape.num_rows);
    }
    buffers.trees.fit(*input, options, *output, *output);
    std::vector<float> stds(num_outputs, static_cast<float>(hyper.noise_std));
    if (layer > 0) {
      for (size_t unit = 0; unit < num_outputs; ++unit) {
        if (hyper.pre_sample_noise_std) stds[unit] = static_cast<float>(std::abs(hyper.noise_std * draws.normal()));
        buffers.next.reshape(1, shape.num_rows);
        noise.normal(static_cast<uint32_t>(layer << 8 | unit), 0, 1, buffers.next.node(0), shape.num_rows);
        add_scaled(buffers.next.node(0), shape.num_rows, stds[unit], output->node(unit));
      }
    }
    if (notes != nullptr) {
      const std::string prefix = layer == 0 ? "c" : fmt::format("h{}_", layer);
      notes->details["layers"].push_back({{"layer", layer + 1},
                                          {"trees", options.num_trees},
                                          {"depth", options.max_depth},
                                          {"outputs", num_outputs},
                                          {"first_splits", layer_text(buffers.trees, prefix)}});
      std::map<uint32_t, double> gains;
      for (const TreeSplit& split : buffers.trees.splits()) gains[split.feature] += split.gain;
      for (size_t unit = 0; unit < num_outputs; ++unit) {
        const std::string id = fmt::format("h{}_{}", layer + 1, unit);
        std::string arguments;
        for (const auto& [feature, gain] : gains) {
          arguments += fmt::format("{}{}{}", arguments.empty() ? "" : ", ", prefix, feature);
          notes->add_edge(fmt::format("{}{}", prefix, feature), id, gain);
        }
        notes->add_node(id, "hidden",
                        fmt::format("{} = trees_{}[{}]({}){}", id, layer + 1, unit, arguments,
                                    layer == 0 ? "" : fmt::format(" + N(0, {})", short_number(stds[unit]))));
      }
    }
    input = output;
    std::swap(output, spare);
  }
  if (notes != nullptr) {
    notes->label_source = fmt::format("h{}_0", num_layers + 1);
    for (size_t feature = 0; feature < shape.num_features; ++feature)
      notes->feature_sources.push_back(fmt::format("c{}", feature));
  }
  if (!accept(input->node(0))) return ScmResult::kRefused;
  buffers.features.reshape(shape.num_features, shape.num_rows);
  for (size_t feature = 0; feature < shape.num_features; ++feature) {
    std::copy_n(buffers.causes.node(feature), shape.num_rows, buffers.features.node(feature));
  }
  return ScmResult::kDone;
}

}  // namespace manyshot::prior
