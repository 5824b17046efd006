// Small models with random weights, as folders on disk, and random prompts for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/rng.h"
#include "encoding/prompt.h"
#include "support/models/random_tensor.h"
#include "support/temporary_folder.h"

namespace manyshot {

struct RandomModel {
  int hidden_size = 32, intermediate_size = 40, num_layers = 4, row_layers = 2;
  int num_heads = 2, num_kv_heads = 2, head_dim = 16;
  uint64_t seed = 1;
  int num_labels = 10, max_features = 64, num_codes = 100;
  bool is_typed = false, predicts_number = false;  // version 2 of the format

  TokenId first_label() const { return num_codes; }  // number codes, labels, bar, column marks
  TokenId bar() const { return first_label() + num_labels; }
  TokenId first_column() const { return bar() + 1; }
  // Version 2: then ranks, targets, missing, unseen, 8 categories, marks of shares.
  TokenId first_rank() const { return first_column() + max_features; }
  TokenId first_target() const { return first_rank() + num_codes; }
  TokenId missing() const { return first_target() + num_codes; }
  int vocab_size() const { return is_typed ? missing() + 2 + 8 + num_labels + 1 : first_rank(); }
  TokenId cell(const Rng& rng, uint64_t place) const;

  Json config() const;
  // In the order a checkpoint has them; every value is one that bf16 has.
  std::vector<RandomTensor> tensors() const;
  Prompt prompt(size_t num_rows, size_t num_features) const;
  QueryTokens queries(size_t count, size_t num_features) const;
};

// Writes config.json and model.safetensors.
void write_model(const TemporaryFolder& folder, const RandomModel& model);

}  // namespace manyshot
