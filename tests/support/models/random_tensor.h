// Weights with random values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/rng.h"

namespace manyshot {

struct RandomTensor {
  std::string name;
  std::vector<uint64_t> shape;
  std::vector<float> values;
};

// Normal values that bf16 has, from the child of `rng` with the tensor's name.
RandomTensor normal_tensor(const Rng& rng, const std::string& name, std::vector<uint64_t> shape, double mean,
                           double deviation);

// Even values from -128/divisor to 127/divisor, which f16 and bf16 have exactly when `divisor` is a power of two.
RandomTensor even_tensor(const Rng& rng, const std::string& name, std::vector<uint64_t> shape, float divisor);

// The tensors as one safetensors file, F32.
std::string safetensors_of(const std::vector<RandomTensor>& tensors);

}  // namespace manyshot
