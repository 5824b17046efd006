#include "train/compact/gradient_sums.h"

#include <algorithm>
#include <numeric>

#include "core/parallel.h"
#include "train/compact/number_features.h"

namespace manyshot::train {
namespace {

constexpr size_t kFewestSums = 4;
constexpr size_t kSumTokens = 2048;  // a sum is worth its memory traffic from about so many tokens on
constexpr size_t kChunk = 1 << 14;   // floats added by one parallel task

// to += scale * from; from is cleared.
void add_and_clear(float* from, size_t count, float scale, float* to) {
  for (size_t i = 0; i < count; ++i) {
    to[i] += scale * from[i];
    from[i] = 0;
  }
}

}  // namespace

std::vector<std::vector<size_t>> share_out(const NetworkShape& shape, std::span<const TrainSample> batch) {
  size_t tokens = 0;
  std::vector<double> costs;
  for (const TrainSample& sample : batch) {
    tokens += sample.tokens.size();
    costs.push_back(forward_flops(shape, sample));
  }
  const size_t count = std::min(batch.size(), std::clamp(tokens / kSumTokens, kFewestSums, kMostGradientSums));
  std::vector<size_t> order(batch.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return costs[a] > costs[b]; });
  std::vector<std::vector<size_t>> shares(count);
  std::vector<double> work(count);
  for (const size_t sample : order) {
    const auto least = static_cast<size_t>(std::min_element(work.begin(), work.end()) - work.begin());
    shares[least].push_back(sample);
    work[least] += costs[sample];
  }
  return shares;
}

void GradientSums::reserve(size_t count) {
  while (sums_.size() < count) sums_.emplace_back(places_.size + shape_.num_smooth() * shape_.D);
}

size_t GradientSums::bytes(const NetworkShape& shape, const ParameterPlaces& places, size_t count) {
  return count * (places.size + shape.num_smooth() * shape.D) * sizeof(float);
}

CompactGradientView GradientSums::view(size_t sum, float scale) {
  float* gradients = sums_[sum].data();
  CompactGradientView view{.embedding = {.smooth = gradients + places_.size, .plain = gradients + places_.plain},
                           .final_norm = gradients + places_.final_norm,
                           .scale = scale};
  for (const LayerPlaces& layer : places_.layers) view.layers.emplace_back(gradients, layer);
  return view;
}

void GradientSums::add_to(CompactParameters& parameters, size_t count, std::span<const float> output_scales,
                          const std::vector<float>& number_features) {
  struct Piece {
    size_t place, count;
    float scale;
  };
  std::vector<Piece> pieces;
  const std::span<Parameter> list = parameters.list();
  for (size_t i = 0; i < list.size(); ++i) {
    const auto begin = static_cast<size_t>(list[i].gradient.data() - parameters.gradient(0));
    if (begin < places_.plain) continue;  // smooth tables
    const int layer = parameters.output_layer(i);
    const float scale = layer < 0 ? 1.0f : output_scales[static_cast<size_t>(layer)];
    for (size_t at = 0; at < list[i].gradient.size(); at += kChunk) {
      pieces.push_back({begin + at, std::min(kChunk, list[i].gradient.size() - at), scale});
    }
  }
  parallel_for(pieces.size(), [&](size_t i, int) {
    const Piece& piece = pieces[i];
    for (size_t sum = 0; sum < count; ++sum) {
      add_and_clear(sums_[sum].data() + piece.place, piece.count, piece.scale, parameters.gradient(piece.place));
    }
  });
  add_numbers(parameters, count, number_features);
}

// The tables' gradients are gathered in the first sum, then go through the features.
void GradientSums::add_numbers(CompactParameters& parameters, size_t count, const std::vector<float>& number_features) {
  const size_t D = shape_.D, size = shape_.num_codes * D, num_tables = shape_.smooth_tokens.size();
  float* tables = sums_[0].data() + places_.size;
  for (size_t sum = 1; sum < count; ++sum) {
    add_and_clear(sums_[sum].data() + places_.size, num_tables * size, 1, tables);
  }
  parallel_for(num_tables * kNumberFeatures, [&](size_t i, int) {
    const size_t table = i / kNumberFeatures;
    number_weight_gradient(number_features, tables + table * size, shape_.num_codes, D, i % kNumberFeatures, 1,
                           parameters.gradient(places_.smooth + table * kNumberFeatures * D));
  });
  std::fill_n(tables, num_tables * size, 0.0f);
}

}  // namespace manyshot::train
