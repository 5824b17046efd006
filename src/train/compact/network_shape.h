// Sizes of a `compact` network in training, and what they alone determine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/compact/config.h"
#include "model/decoder/rotation_table.h"
#include "model/decoder/shape.h"

namespace manyshot::train {

struct NetworkShape : DecoderShape {
  // Throws Error(kBadInput) for an intermediate_size that is no multiple of 16, which the kernels need.
  explicit NetworkShape(const ModelConfig& model_config);

  ModelConfig config;
  size_t row_layers;
  size_t num_labels, num_columns, num_codes;
  // Rows of the embedding table in two parts: smooth functions of a number's code (numbers; in version 2 ranks and
  // targets too), and those that are trained one by one.
  std::vector<TokenRange> smooth_tokens, plain_tokens;   // plain: the labels first
  size_t first_target() const { return 2 * num_codes; }  // among the smooth ones
  size_t num_plain;
  size_t num_answers(bool are_numbers) const { return are_numbers ? num_codes : num_labels; }
  size_t most_answers() const { return num_answers(config.typed.has_value()); }
  size_t num_smooth() const { return smooth_tokens.size() * num_codes; }
  // Of a row of the embedding table, where it stands among the smooth ones, or behind them among the others.
  size_t table_place(TokenId row) const { return static_cast<size_t>(table_places[static_cast<size_t>(row)]); }
  size_t table_size() const { return num_smooth() + num_plain; }
  std::vector<int32_t> table_places;        // [vocab_size]; -1: unused
  RotationTable rotations, rotations_back;  // of a row's positions; the gradient turns the other way
};

}  // namespace manyshot::train
