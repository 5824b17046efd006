// The trained numbers of a `compact` network in one block of memory, with the gradients in another of the same layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "train/compact/network_shape.h"
#include "train/trainable.h"

namespace manyshot::train {

// Where the tensors of one layer begin, in floats. Queries, keys and values follow each other, gates and ups too.
struct LayerPlaces {
  size_t input_norm, qkv, o, post_attention_norm, gate_up, down;
};

struct ParameterPlaces {
  explicit ParameterPlaces(const NetworkShape& shape);
  size_t smooth;  // [smooth tables, kNumberFeatures, D]: weights of numbers; version 2: of ranks and targets too
  size_t plain;   // [num_plain, D], NetworkShape::plain_tokens, labels first
  size_t final_norm;
  std::vector<LayerPlaces> layers;
  size_t size;  // of all
};

class CompactParameters {
 public:
  // Matrices are normal with standard deviation 1 / sqrt(3 inputs), embeddings with 0.1, gains one: values of
  // (seed, name, place) alone. Smaller matrices learnt to compare rows later (0.02: after 1,800 tasks instead of
  // 1,400).
  CompactParameters(const NetworkShape& shape, uint64_t seed);

  const ParameterPlaces& places() const { return places_; }
  std::span<Parameter> list() { return list_; }
  const float* value(size_t place) const { return values_.data() + place; }
  float* value(size_t place) { return values_.data() + place; }
  float* gradient(size_t place) { return gradients_.data() + place; }
  // The layer whose output projection (o or down) parameter i of list() is; -1 for the others.
  int output_layer(size_t i) const { return output_layers_[i]; }

 private:
  void name_parameters(const NetworkShape& shape);
  void initialise(uint64_t seed);

  ParameterPlaces places_;
  kernels::AlignedBuffer<float> values_, gradients_;
  std::vector<Parameter> list_;
  std::vector<int> output_layers_;
};

}  // namespace manyshot::train
