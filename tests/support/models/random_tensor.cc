#include "support/models/random_tensor.h"

#include <functional>
#include <numeric>
#include <span>

#include "kernels/bfloat16.h"
#include "model/files/safetensors.h"

namespace manyshot {

using kernels::BFloat16;

namespace {

template <class Value>
RandomTensor filled(const std::string& name, std::vector<uint64_t> shape, const Value& value) {
  RandomTensor tensor{name, std::move(shape), {}};
  tensor.values.resize(std::accumulate(tensor.shape.begin(), tensor.shape.end(), uint64_t{1}, std::multiplies<>()));
  for (uint64_t i = 0; i < tensor.values.size(); ++i) tensor.values[i] = value(i);
  return tensor;
}

}  // namespace

RandomTensor normal_tensor(const Rng& rng, const std::string& name, std::vector<uint64_t> shape, double mean,
                           double deviation) {
  return filled(name, std::move(shape), [&, values = rng.child(name)](uint64_t i) {
    return float(BFloat16(static_cast<float>(mean + deviation * values.normal(i))));
  });
}

RandomTensor even_tensor(const Rng& rng, const std::string& name, std::vector<uint64_t> shape, float divisor) {
  return filled(name, std::move(shape), [&, values = rng.child(name)](uint64_t i) {
    return (static_cast<float>(values.below(i, 256)) - 128) / divisor;
  });
}

std::string safetensors_of(const std::vector<RandomTensor>& tensors) {
  std::vector<NamedTensor> named;
  for (const RandomTensor& tensor : tensors) {
    named.push_back({tensor.name, TensorType::kF32, tensor.shape, std::as_bytes(std::span(tensor.values))});
  }
  return write_safetensors(named);
}

}  // namespace manyshot
