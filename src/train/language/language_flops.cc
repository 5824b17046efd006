#include "train/language/language_flops.h"

#include "train/language/layer_sites.h"

namespace manyshot::train {
namespace {

// Of all matrix products of a forward pass of one token through the layers.
double layer_weights(const LanguageModelConfig& config) {
  double count = 0;
  for (const SiteShape& site : site_shapes(config)) {
    for (const SiteModule& module : site.modules) count += static_cast<double>(module.num_outputs * site.num_inputs);
  }
  return count * static_cast<double>(config.num_hidden_layers);
}

}  // namespace

double language_flops(const LanguageModelConfig& config, uint64_t num_factors, const PackedBatch& batch,
                      bool differentiates) {
  const DecoderShape shape(config);
  const double per_weight = !differentiates ? 2 : num_factors == 0 ? 6 : 4;
  double pairs = 0;
  for (const PackedBatch::Sequence& sequence : batch.sequences) {
    const auto count = static_cast<double>(sequence.num_tokens());
    pairs += count * (count + 1) / 2;
  }
  const double attention = pairs * 2 * static_cast<double>(shape.query_width() * shape.num_layers);
  return static_cast<double>(batch.tokens.size()) *
             (per_weight * layer_weights(config) + (differentiates ? 6 : 2) * static_cast<double>(num_factors)) +
         attention * (differentiates ? 7 : 2) +
         static_cast<double>(batch.targets.size()) * per_weight * static_cast<double>(config.vocab_size) *
             static_cast<double>(shape.D);
}

}  // namespace manyshot::train
