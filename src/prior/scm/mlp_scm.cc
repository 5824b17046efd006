#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/scm/activations.h"
#include "prior/scm/causes.h"
#include "prior/scm/scm.h"

namespace manyshot::prior {

using kernels::gemm;
using kernels::Store;

namespace {

// Where the entries of a weight matrix [rows, columns] that are not zero by structure lie: everywhere, or in `blocks`
// blocks along the diagonal.
struct WeightStructure {
  size_t rows = 0, columns = 0;
  size_t blocks = 1, block_rows = 0, block_columns = 0;
};

// A node of the pool: unit `unit` of the output of block `block`; blocks count from 1, block 0 is the first linear map.
struct PoolNode {
  size_t block = 0;
  size_t unit = 0;
};

class MlpScm {
 public:
  MlpScm(const ScmHyperParameters& hyper, const ScmShape& shape, const Rng& rng, ScmBuffers& buffers, Notes* notes)
      : hyper_(hyper), shape_(shape), rng_(rng), buffers_(buffers), notes_(notes), noise_(rng.child("noise")) {
    num_causes_ = hyper.is_causal ? static_cast<size_t>(hyper.num_causes) : shape.num_features;
    width_ = static_cast<size_t>(hyper.hidden_dim);
    if (hyper.is_causal) width_ = std::max(width_, 2 * shape.num_features + 1);
    const auto num_hidden_blocks = static_cast<size_t>(hyper.num_layers) - 1;
    block_widths_.assign(num_hidden_blocks + 1, width_);
    if (!hyper.is_causal) block_widths_.push_back(1);
    Draws draws(rng.child("activations"));
    activations_.resize(block_widths_.size());
    for (size_t block = 1; block < block_widths_.size(); ++block) {
      activations_[block] = draw_activation(draws, hyper.activation_weights);
    }
  }

  ScmResult draw(const AcceptScore& accept) {
    choose_nodes();
    draw_all_weights();
    find_needed();
    sample_causes(hyper_, num_causes_, shape_.num_rows, rng_.child("causes"), buffers_.causes, notes_);
    buffers_.features.reshape(shape_.num_features, shape_.num_rows);
    if (notes_ != nullptr) write_notes();

    const NodeMatrix* input = &buffers_.causes;
    NodeMatrix* output = &buffers_.values;
    for (size_t block = 0; block <= last_block_; ++block) {
      if (block > 0 && !activate(block)) return ScmResult::kNotFinite;
      output->reshape(needed_[block].size(), shape_.num_rows);
      const size_t count = needed_[block].size();
      const size_t y_slot = block == y_.block ? slot(y_) : count;
      if (block == last_block_ && y_slot < count) {
        compute(block, *input, y_slot, y_slot + 1, *output);
        if (!accept(output->node(y_slot))) return ScmResult::kRefused;
        compute(block, *input, 0, y_slot, *output);
        compute(block, *input, y_slot + 1, count, *output);
      } else {
        compute(block, *input, 0, count, *output);
        if (y_slot < count && !accept(output->node(y_slot))) return ScmResult::kRefused;
      }
      keep_features(block, *output);
      input = &buffers_.activated;
    }
    if (!hyper_.is_causal) {
      for (size_t feature = 0; feature < shape_.num_features; ++feature) {
        std::copy_n(buffers_.causes.node(feature), shape_.num_rows, buffers_.features.node(feature));
      }
    }
    return ScmResult::kDone;
  }

 private:
  void choose_nodes() {
    const size_t num_blocks = block_widths_.size();
    if (!hyper_.is_causal) {
      y_ = {num_blocks - 1, 0};
      last_block_ = y_.block;
      return;
    }
    const size_t num_features = shape_.num_features;
    const size_t pool = (num_blocks - 1) * width_;
    const auto node = [&](size_t index) { return PoolNode{1 + index / width_, index % width_}; };
    const Rng choice = rng_.child("nodes");
    std::vector<uint32_t> chosen;
    if (hyper_.in_clique) {
      const size_t start = choice.child("start").below(0, pool - num_features);
      chosen = choice.permutation(static_cast<uint32_t>(num_features + 1));
      for (uint32_t& index : chosen) index += static_cast<uint32_t>(start);
    } else {
      chosen = choice.sample(static_cast<uint32_t>(pool - 1), static_cast<uint32_t>(num_features + 1));
    }
    y_ = node(hyper_.y_is_effect ? pool - 1 : chosen[0]);
    last_block_ = y_.block;
    if (hyper_.sort_features) std::sort(chosen.begin() + 1, chosen.end());
    for (size_t feature = 0; feature < num_features; ++feature) {
      features_.push_back(node(chosen[feature + 1]));
      last_block_ = std::max(last_block_, features_.back().block);
    }
  }

  // Weights of all maps up to the last that is needed, row-major one after the other.
  void draw_all_weights() {
    size_t total = 0, total_biases = 0;
    for (size_t block = 0; block <= last_block_; ++block) {
      WeightStructure structure;
      structure.rows = block_widths_[block];
      structure.columns = block == 0 ? num_causes_ : block_widths_[block - 1];
      structures_.push_back(structure);
      first_weight_.push_back(total);
      first_bias_.push_back(total_biases);
      total += structure.rows * structure.columns;
      total_biases += structure.rows;
    }
    buffers_.weights.resize(total);
    buffers_.biases.resize(total_biases);
    buffers_.noise_stds.resize(total_biases);
    for (size_t block = 0; block <= last_block_; ++block) draw_weights(block);
  }

  void draw_weights(size_t block) {
    WeightStructure& s = structures_[block];
    float* weights = buffers_.weights.data() + first_weight_[block];
    const Rng rng = rng_.child("weights", block);
    const BulkRandom bulk(rng);
    const double init_std = hyper_.init_std;
    if (hyper_.block_wise_dropout) {
      const auto most = static_cast<uint64_t>(std::ceil(std::sqrt(static_cast<double>(std::min(s.rows, s.columns)))));
      s.blocks = 1 + rng.child("blocks").below(0, most);
      s.block_rows = s.rows / s.blocks;
      s.block_columns = s.columns / s.blocks;
      const double keep =
          static_cast<double>(s.blocks * s.block_rows * s.block_columns) / static_cast<double>(s.rows * s.columns);
      const auto deviation = static_cast<float>(init_std / std::sqrt(keep));
      std::fill_n(weights, s.rows * s.columns, 0.0f);
      for (size_t row = 0; row < s.blocks * s.block_rows; ++row) {
        const size_t column = row / s.block_rows * s.block_columns;
        bulk.normal(static_cast<uint32_t>(row), 0, deviation, weights + row * s.columns + column, s.block_columns);
      }
    } else {
      s.block_rows = s.rows;
      s.block_columns = s.columns;
      const double dropout = block == 0 ? 0 : hyper_.dropout;
      const auto deviation = static_cast<float>(init_std / std::sqrt(1 - dropout));
      const size_t count = s.rows * s.columns;
      bulk.normal(0, 0, deviation, weights, count);
      if (dropout > 0) {
        mask_.resize(count);
        bulk.uniform(1, 0, 1, mask_.data(), count);
        const auto dropped = static_cast<float>(dropout);
        for (size_t i = 0; i < count; ++i) weights[i] = mask_[i] < dropped ? 0.0f : weights[i];
      }
    }
    const auto bound = static_cast<float>(1 / std::sqrt(static_cast<double>(s.columns)));
    BulkRandom(rng.child("bias")).uniform(0, -bound, bound, buffers_.biases.data() + first_bias_[block], s.rows);
    float* stds = buffers_.noise_stds.data() + first_bias_[block];
    if (block == 0) {
      std::fill_n(stds, s.rows, 0.0f);
    } else if (hyper_.pre_sample_noise_std) {
      BulkRandom(rng.child("noise std")).normal(0, 0, static_cast<float>(hyper_.noise_std), stds, s.rows);
      for (size_t unit = 0; unit < s.rows; ++unit) stds[unit] = std::abs(stds[unit]);
    } else {
      std::fill_n(stds, s.rows, static_cast<float>(hyper_.noise_std));
    }
  }

  // Backwards from the chosen nodes: the units of each block that they depend on.
  void find_needed() {
    std::vector<std::vector<uint8_t>> needed(last_block_ + 1);
    for (size_t block = 0; block <= last_block_; ++block) needed[block].assign(block_widths_[block], 0);
    needed[y_.block][y_.unit] = 1;
    for (const PoolNode& node : features_) needed[node.block][node.unit] = 1;
    for (size_t block = last_block_; block > 0; --block) {
      // An activation that can overflow makes every unit count: infinity times a weight of 0 is not a number.
      if (activations_[block].function == Activation::kExp) {
        std::fill(needed[block - 1].begin(), needed[block - 1].end(), 1);
        continue;
      }
      const WeightStructure& s = structures_[block];
      const float* weights = buffers_.weights.data() + first_weight_[block];
      for (size_t row = 0; row < s.rows; ++row) {
        if (!needed[block][row]) continue;
        for (size_t column = 0; column < s.columns; ++column)
          needed[block - 1][column] |= weights[row * s.columns + column] != 0;
      }
      // A map of zeros leaves nothing to compute, but the product wants one row.
      if (std::count(needed[block - 1].begin(), needed[block - 1].end(), 1) == 0) needed[block - 1][0] = 1;
    }
    needed_.resize(last_block_ + 1);
    for (size_t block = 0; block <= last_block_; ++block) {
      for (size_t unit = 0; unit < block_widths_[block]; ++unit) {
        if (needed[block][unit]) needed_[block].push_back(static_cast<uint32_t>(unit));
      }
    }
  }

  size_t slot(const PoolNode& node) const {
    const auto& units = needed_[node.block];
    return static_cast<size_t>(std::lower_bound(units.begin(), units.end(), node.unit) - units.begin());
  }

  // buffers_.activated = the activation of `block` on buffers_.values. False when a column is not finite.
  bool activate(size_t block) {
    const NodeMatrix& values = buffers_.values;
    NodeMatrix& activated = buffers_.activated;
    activated.reshape(values.num_nodes(), shape_.num_rows);
    const LayerActivation& activation = activations_[block];
    if (activation.function != Activation::kFourier) {
      for (size_t node = 0; node < values.num_nodes(); ++node) {
        const Moments moments = activate_column(activation, values.node(node), shape_.num_rows, activated.node(node));
        if (!std::isfinite(moments.mean) || !std::isfinite(moments.deviation)) return false;
      }
      return true;
    }
    // Standardised, scaled and shifted, then standardised again: the shift cancels, the scale all but does.
    std::vector<float> factors(values.num_nodes());
    Extremes range;
    for (size_t node = 0; node < values.num_nodes(); ++node) {
      const Moments moments =
          activate_column({Activation::kIdentity, 1, 0}, values.node(node), shape_.num_rows, activated.node(node));
      if (!std::isfinite(moments.mean) || !std::isfinite(moments.deviation)) return false;
      const float deviation = moments.deviation / (moments.deviation + 1e-6f);
      factors[node] = activation.scale / (activation.scale * deviation + 1e-6f);
      const Extremes extremes = column_extremes(activated.node(node), shape_.num_rows);
      range.low = std::min(range.low, extremes.low * factors[node]);
      range.high = std::max(range.high, extremes.high * factors[node]);
    }
    Draws draws(rng_.child("fourier", block));
    const FourierTerms terms = draw_fourier_terms(draws);
    buffers_.fourier.build(terms, range.low, range.high);
    for (size_t node = 0; node < values.num_nodes(); ++node) {
      buffers_.fourier.apply(factors[node], activated.node(node), shape_.num_rows);
    }
    return true;
  }

  // Slots first..last of the block's needed units: weights times input, plus bias and noise.
  void compute(size_t block, const NodeMatrix& input, size_t first, size_t last, NodeMatrix& output) {
    if (first == last) return;
    const WeightStructure& s = structures_[block];
    const float* weights = buffers_.weights.data() + first_weight_[block];
    const float* biases = buffers_.biases.data() + first_bias_[block];
    const float* noise_stds = buffers_.noise_stds.data() + first_bias_[block];
    const auto& units = needed_[block];
    for (size_t slot = first; slot < last; ++slot) {
      const uint32_t unit = units[slot];
      if (block == 0) {
        std::fill_n(output.node(slot), output.stride(), biases[unit]);
      } else {
        noise_.normal(static_cast<uint32_t>(block << 20) + unit, biases[unit], noise_stds[unit], output.node(slot),
                      shape_.num_rows);
      }
    }
    // Each run of units within one diagonal block is one product.
    std::vector<uint32_t> all_inputs;
    if (block == 0) {
      all_inputs.resize(num_causes_);
      std::iota(all_inputs.begin(), all_inputs.end(), 0u);
    }
    const std::vector<uint32_t>& inputs = block == 0 ? all_inputs : needed_[block - 1];
    for (size_t slot = first; slot < last;) {
      const size_t diagonal = units[slot] / s.block_rows;
      size_t end = slot;
      while (end < last && units[end] / s.block_rows == diagonal) ++end;
      const auto begin_input = std::lower_bound(inputs.begin(), inputs.end(), diagonal * s.block_columns);
      const auto end_input = std::lower_bound(inputs.begin(), inputs.end(), (diagonal + 1) * s.block_columns);
      const auto num_inputs = static_cast<size_t>(end_input - begin_input);
      if (diagonal < s.blocks && num_inputs > 0) {
        buffers_.gathered.resize((end - slot) * num_inputs);
        float* to = buffers_.gathered.data();
        for (size_t row = slot; row < end; ++row) {
          const float* from = weights + units[row] * s.columns;
          for (auto input_unit = begin_input; input_unit != end_input; ++input_unit) *to++ = from[*input_unit];
        }
        const auto first_input = static_cast<size_t>(begin_input - inputs.begin());
        gemm({buffers_.gathered.data(), num_inputs}, end - slot, input.panels(first_input, num_inputs),
             {output.node(slot), output.stride()}, Store::kAdd);
      }
      slot = end;
    }
  }

  void keep_features(size_t block, const NodeMatrix& values) {
    for (size_t feature = 0; feature < features_.size(); ++feature) {
      if (features_[feature].block != block) continue;
      std::copy_n(values.node(slot(features_[feature])), shape_.num_rows, buffers_.features.node(feature));
    }
  }

  static std::string id(size_t block, size_t unit) { return fmt::format("h{}_{}", block, unit); }

  // The graph above the chosen nodes along each node's three strongest weights; equations name the strongest and count
  // the others.
  void write_notes() {
    constexpr size_t kShown = 3;
    notes_->details["num_units"] = width_;
    notes_->details["num_blocks"] = block_widths_.size() - 1;
    Json blocks = Json::array();
    for (size_t block = 1; block <= last_block_; ++block) {
      const LayerActivation& activation = activations_[block];
      Json entry = {
          {"block", block},
          {"activation", activation_name(activation.function)},
          {"formula", activation_formula(activation.function)},
          {"z", fmt::format("{} (standardised input {:+.4g})", short_number(activation.scale), activation.bias)},
          {"units_computed", needed_[block].size()},
          {"diagonal_blocks", structures_[block].blocks}};
      if (activation.function == Activation::kFourier) {
        Draws draws(rng_.child("fourier", block));
        entry["amplitude_exponent"] = draw_fourier_terms(draws).exponent;
      }
      blocks.push_back(std::move(entry));
    }
    notes_->details["blocks"] = std::move(blocks);

    std::vector<std::vector<uint8_t>> shown(last_block_ + 1);
    for (size_t block = 0; block <= last_block_; ++block) shown[block].assign(block_widths_[block], 0);
    shown[y_.block][y_.unit] = 1;
    for (const PoolNode& node : features_) shown[node.block][node.unit] = 1;
    for (size_t block = last_block_ + 1; block-- > 0;) {
      const WeightStructure& s = structures_[block];
      for (size_t unit = 0; unit < s.rows; ++unit) {
        if (!shown[block][unit]) continue;
        const float* row = buffers_.weights.data() + first_weight_[block] + unit * s.columns;
        std::vector<uint32_t> parents;
        for (uint32_t column = 0; column < s.columns; ++column) {
          if (row[column] != 0) parents.push_back(column);
        }
        const size_t listed = std::min(kShown, parents.size());
        std::partial_sort(parents.begin(), parents.begin() + static_cast<ptrdiff_t>(listed), parents.end(),
                          [&](uint32_t a, uint32_t b) {
                            return std::abs(row[a]) > std::abs(row[b]) ||
                                   (std::abs(row[a]) == std::abs(row[b]) && a < b);
                          });
        std::string equation =
            fmt::format("{} = {}", id(block, unit), short_number(buffers_.biases[first_bias_[block] + unit]));
        for (size_t i = 0; i < listed; ++i) {
          const uint32_t parent = parents[i];
          const std::string name = block == 0 ? fmt::format("c{}", parent) : id(block - 1, parent);
          const std::string term =
              block == 0 ? name : fmt::format("{}({})", activation_name(activations_[block].function), name);
          equation += fmt::format(" {:+.4g} {}", row[parent], term);
          notes_->add_edge(name, id(block, unit), row[parent]);
          if (block > 0) shown[block - 1][parent] = 1;
        }
        if (parents.size() > listed) equation += fmt::format(" + {} smaller terms", parents.size() - listed);
        if (block > 0)
          equation += fmt::format(" + N(0, {})", short_number(buffers_.noise_stds[first_bias_[block] + unit]));
        notes_->add_node(id(block, unit), "hidden", std::move(equation));
      }
    }
    for (size_t feature = 0; feature < shape_.num_features; ++feature) {
      notes_->feature_sources.push_back(hyper_.is_causal ? id(features_[feature].block, features_[feature].unit)
                                                         : fmt::format("c{}", feature));
    }
    notes_->label_source = id(y_.block, y_.unit);
  }

  const ScmHyperParameters& hyper_;
  ScmShape shape_;
  Rng rng_;
  ScmBuffers& buffers_;
  Notes* notes_;
  BulkRandom noise_;
  size_t num_causes_ = 0;
  size_t width_ = 0;
  std::vector<size_t> block_widths_;  // of blocks 0, 1, …
  std::vector<LayerActivation> activations_;
  std::vector<PoolNode> features_;  // empty unless causal
  PoolNode y_;
  size_t last_block_ = 0;
  std::vector<WeightStructure> structures_;
  std::vector<size_t> first_weight_, first_bias_;
  std::vector<std::vector<uint32_t>> needed_;  // units of each block, increasing
  std::vector<float> mask_;
};

}  // namespace

ScmResult draw_mlp_scm(const ScmHyperParameters& hyper, const ScmShape& shape, const Rng& rng, ScmBuffers& buffers,
                       const AcceptScore& accept, Notes* notes) {
  return MlpScm(hyper, shape, rng, buffers, notes).draw(accept);
}

}  // namespace manyshot::prior
