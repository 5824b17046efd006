// Small random tasks and networks for the tests of `compact` training.
#pragma once

#include <cstdint>

#include "core/rng.h"
#include "train/compact/compact_model.h"
#include "train/train_sample.h"

namespace manyshot::train {

struct RandomTask {
  uint32_t num_labelled = 5, num_queries = 3, num_features = 2;
  uint32_t num_classes = 3;
  int version = 1;               // of the format
  bool predicts_number = false;  // version 2
};

// A cell of any kind that version 2 has.
inline TokenId random_typed_cell(const Rng& rng, uint64_t place) {
  const CellVocabulary cells = *usual_vocabulary(2).cells;
  const auto code = static_cast<int>(rng.child("code").below(place, 1000)),
             other = static_cast<int>(rng.child("other").below(place, 1000));
  switch (rng.child("kind").below(place, 6)) {
    case 0:
      return cells.missing;
    case 1:
      return cells.unseen;
    case 2:
      return cells.category(static_cast<uint32_t>(code % 64));
    case 3:
      return cells.share(other % 11, code);
    default:
      return cells.pair(code, other);
  }
}

inline TrainSample random_task(const RandomTask& task, uint64_t seed) {
  const Rng rng = Rng(seed).child("task");
  const CompactVocabulary vocabulary = usual_vocabulary(task.version);
  TrainSample sample{.index = seed,
                     .num_features = task.num_features,
                     .num_labelled = task.num_labelled,
                     .num_queries = task.num_queries};
  for (uint32_t row = 0; row < task.num_labelled + task.num_queries; ++row) {
    const Rng of_row = rng.child("row", row);
    for (uint32_t column = 0; column < task.num_features; ++column) {
      sample.tokens.push_back(vocabulary.cells ? random_typed_cell(of_row, column)
                                               : static_cast<TokenId>(of_row.below(column, 1000)));
    }
    sample.tokens.push_back(vocabulary.bar);
    sample.tokens.push_back(task.predicts_number ? vocabulary.cells->target(static_cast<int>(of_row.below(100, 1000)))
                                                 : vocabulary.first_label +
                                                       2 * static_cast<TokenId>(of_row.below(100, task.num_classes)));
  }
  sample.answer_begin = task.num_labelled * sample.row_tokens();
  return sample;
}

inline CompactNetworkOptions small_network(DType dtype, int version = 1) {
  CompactNetworkOptions options;
  options.config = compact_config({.version = version,
                                   .hidden_size = 32,
                                   .intermediate_size = 48,
                                   .num_attention_heads = 2,
                                   .num_key_value_heads = 2,
                                   .num_hidden_layers = 4,
                                   .row_layers = 2});
  options.dtype = dtype;
  options.seed = 11;
  return options;
}

// Weights away from their symmetric start, so that every gradient matters.
inline void shake(CompactModel& model) {
  for (Parameter& parameter : model.parameters()) {
    const Rng rng = Rng(7).child(parameter.name);
    const double size = parameter.kind == ParameterKind::kVector ? 0.2 : 0.15;
    for (size_t i = 0; i < parameter.value.size(); ++i) parameter.value[i] += static_cast<float>(size * rng.normal(i));
  }
  model.parameters_changed();
}

}  // namespace manyshot::train
