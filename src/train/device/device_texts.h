// Texts side by side where the network computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "model/language/rope.h"
#include "train/device/flash_attention.h"
#include "train/language/dropout.h"
#include "train/language/packed_batch.h"

namespace manyshot::train {

struct DeviceTexts {
  at::Tensor tokens;          // [T]
  at::Tensor cosines, sines;  // [T, 1, head_dim / 2] f32, of the tokens' positions
  SequenceLengths lengths;
  at::Tensor target_rows, targets;  // [N] where the loss looks, and for which token
  // Dropout as train/language/dropout.h draws it; without keys nothing is dropped.
  at::Tensor dropout_keys;  // [T] int64
  int64_t dropout_threshold = 0;
  double dropout_factor = 1;

  int64_t size() const { return tokens.size(0); }
};

// Of which the hidden states at `target_rows` are wanted; without targets and lengths.
DeviceTexts to_device(const std::vector<TokenId>& tokens, std::span<const size_t> positions,
                      const std::vector<int64_t>& target_rows, const Rope& rope, const at::Device& device);
DeviceTexts to_device(const PackedBatch& batch, const Rope& rope, const Dropout& dropout, const at::Device& device);

// x [T, width] with the values dropped that Dropout::apply() drops for that stream.
at::Tensor drop(const DeviceTexts& texts, uint64_t stream, const at::Tensor& x);

}  // namespace manyshot::train
