// Sizes of a `compact` network in training, and what they alone determine.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "model/compact/config.h"

namespace manyshot {

struct NetworkShape {
  // Throws Error(kBadInput) for an intermediate_size that is no multiple of 16, which the kernels need.
  explicit NetworkShape(const ModelConfig& model_config);
  NetworkShape(const NetworkShape&) = delete;
  NetworkShape& operator=(const NetworkShape&) = delete;

  ModelConfig config;
  kernels::AttentionShape attention;
  size_t D, intermediate, qkv_width;
  size_t num_layers, row_layers;
  size_t num_labels, num_columns, num_codes;
  float epsilon, query_scale;
  kernels::Rotation rotation, rotation_back;  // the gradient turns the other way

  size_t query_width() const { return attention.query_width(); }
  size_t key_width() const { return attention.key_width(); }

 private:
  std::vector<float> cosines_, sines_, negated_sines_;
};

}  // namespace manyshot
