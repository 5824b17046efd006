// Writes parameters, one batch of tasks, its loss and its gradients as safetensors, for
// tools/parity/compact_train_peer.py:
//
//   compact_gradients OUT.safetensors [float32|bfloat16]
//
// Tensors: value.NAME, gradient.NAME, number_features, tokens.I with its sizes in task.I (labelled, queries, columns),
// loss (sum over all bars, dense).
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "compact_tasks.h"
#include "core/files.h"
#include "core/rng.h"
#include "model/files/safetensors.h"
#include "train/compact/compact_model.h"
#include "train/compact/number_features.h"

namespace manyshot::train {
namespace {

// Tensors with the memory they point to.
class Dump {
 public:
  void add(const std::string& name, std::span<const float> values, const std::vector<size_t>& shape) {
    tensors_.push_back({name, TensorType::kF32, {shape.begin(), shape.end()}, std::as_bytes(values)});
  }
  void add(const std::string& name, std::span<const int32_t> values) {
    tensors_.push_back({name, TensorType::kI32, {values.size()}, std::as_bytes(values)});
  }
  void write(const std::string& path) const { write_file(path, write_safetensors(tensors_)); }

 private:
  std::vector<NamedTensor> tensors_;
};

void write_gradients(const std::string& path, DType dtype) {
  const auto model = make_compact_model({.config = compact_config({}), .dtype = dtype, .seed = 3});
  const std::vector<TrainSample> batch = {make_task(48, 16, 8, 1), make_task(200, 56, 10, 2), make_task(37, 5, 3, 3)};
  const LossSum sum = model->accumulate(batch, 1.0f, 0);
  const std::vector<float> features = number_features(1000);
  const float loss = static_cast<float>(sum.loss);
  std::vector<std::vector<int32_t>> sizes;
  for (const TrainSample& task : batch) {
    sizes.push_back({static_cast<int32_t>(task.num_labelled), static_cast<int32_t>(task.num_queries),
                     static_cast<int32_t>(task.num_features)});
  }
  Dump dump;
  for (const Parameter& parameter : model->parameters()) {
    dump.add("value." + parameter.name, parameter.value, parameter.shape);
    dump.add("gradient." + parameter.name, parameter.gradient, parameter.shape);
  }
  dump.add("number_features", features, {1000, kNumberFeatures});
  dump.add("loss", std::span(&loss, 1), {1});
  for (size_t i = 0; i < batch.size(); ++i) {
    dump.add("tokens." + std::to_string(i), batch[i].tokens);
    dump.add("task." + std::to_string(i), sizes[i]);
  }
  dump.write(path);
}

}  // namespace
}  // namespace manyshot::train

int main(int argc, char** argv) try {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: compact_gradients OUT.safetensors [float32|bfloat16]\n");
    return 2;
  }
  manyshot::train::write_gradients(argv[1],
                                   manyshot::value_named<manyshot::DType>(argc == 3 ? argv[2] : "float32").value());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "compact_gradients: %s\n", error.what());
  return 1;
}
