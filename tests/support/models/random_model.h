// Small models with random weights, as folders on disk, and random prompts for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "encoding/prompt.h"
#include "support/models/random_tensor.h"
#include "support/temporary_folder.h"

namespace manyshot {

struct RandomModel {
  int hidden_size = 32, intermediate_size = 40, num_layers = 4, row_layers = 2;
  int num_heads = 2, num_kv_heads = 2, head_dim = 16;
  uint64_t seed = 1;
  int num_labels = 10, max_features = 64;

  TokenId first_label() const { return 100; }  // number codes 0..99, labels, bar, column marks
  TokenId bar() const { return first_label() + num_labels; }
  TokenId first_column() const { return bar() + 1; }
  int vocab_size() const { return first_column() + max_features; }

  Json config() const;
  // In the order a checkpoint has them; every value is one that bf16 has.
  std::vector<RandomTensor> tensors() const;
  Prompt prompt(size_t num_rows, size_t num_features) const;
  QueryTokens queries(size_t count, size_t num_features) const;
};

// Writes config.json and model.safetensors.
void write_model(const TemporaryFolder& folder, const RandomModel& model);

}  // namespace manyshot
