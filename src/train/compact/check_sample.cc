#include "train/compact/check_sample.h"

#include "core/error.h"
#include "model/compact/compact_prompt.h"

namespace manyshot::train {

bool predicts_number(const ModelConfig& config, const TrainSample& sample) {
  return config.typed && config.typed->target_tokens.contains(sample.tokens[sample.num_features + 1]);
}

TokenRange target_tokens(const ModelConfig& config, const TrainSample& sample) {
  return predicts_number(config, sample) ? config.typed->target_tokens : config.label_tokens;
}

void check_sample(const NetworkShape& shape, const TrainSample& sample) {
  const ModelConfig& config = shape.config;
  const size_t F = sample.num_features;
  if (F < 1 || F > shape.num_columns) {
    fail(ErrorKind::kBadInput, "sample {}: {} columns; this network reads 1 to {}: draw `compact` samples within that",
         sample.index, F, shape.num_columns);
  }
  if (sample.num_labelled < 1 || sample.tokens.size() != sample.num_rows() * sample.row_tokens()) {
    fail(ErrorKind::kBadInput,
         "sample {}: {} tokens in {} labelled rows and {} queries of {} columns; expected {} a row", sample.index,
         sample.tokens.size(), sample.num_labelled, sample.num_queries, F, sample.row_tokens());
  }
  const TokenId* row = sample.tokens.data();
  const TokenRange targets = target_tokens(config, sample);
  for (size_t number = 0; number < sample.num_rows(); ++number, row += sample.row_tokens()) {
    for (size_t place = 0; place < sample.row_tokens(); ++place) {
      const bool is_good = place < F    ? is_cell(config, row[place])
                           : place == F ? row[place] == config.bar_token
                                        : targets.contains(row[place]);
      if (!is_good) {
        fail(ErrorKind::kBadInput, "sample {}, row {}: token {} at place {} is no {} of this network's vocabulary",
             sample.index, number, row[place], place,
             place < F    ? config.typed ? "cell" : "number"
             : place == F ? "bar"
                          : "label");
      }
    }
  }
}

BarLabels bar_labels(const NetworkShape& shape, const CompactNetworkOptions& options, const TrainSample& sample) {
  BarLabels bars{.are_numbers = predicts_number(shape.config, sample)};
  const TokenRange targets = target_tokens(shape.config, sample);
  bars.allowed.assign(shape.num_answers(bars.are_numbers), bars.are_numbers || options.all_labels);
  for (size_t row = 0; row < sample.num_rows(); ++row) {
    const TokenId label = sample.tokens[(row + 1) * sample.row_tokens() - 1];
    bars.label.push_back(static_cast<uint16_t>(label - targets.first));
    if (row < sample.num_labelled) bars.allowed[bars.label.back()] = 1;
    // A label that no labelled row has cannot be told from the others.
    bars.supervised.push_back(row < sample.num_labelled ? options.loss == LossMode::kDense
                                                        : bars.allowed[bars.label.back()]);
  }
  return bars;
}

}  // namespace manyshot::train
