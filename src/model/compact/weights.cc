#include "model/compact/weights.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

// Throws Error(kCorruptFile) when the tensor is absent, of another shape or holds no numbers.
std::vector<float> read_tensor(const Safetensors& file, const std::string& name, const std::vector<uint64_t>& shape) {
  const TensorInfo* tensor = file.find(name);
  if (tensor == nullptr) {
    fail(ErrorKind::kCorruptFile,
         "{}: tensor \"{}\" {} is missing; config.json and weights do not belong together, or the file is "
         "incomplete: copy both again",
         file.source(), name, shape_text(shape));
  }
  if (tensor->shape != shape) {
    fail(ErrorKind::kCorruptFile,
         "{}: tensor \"{}\" has shape {}, config.json calls for {}; config.json and weights do not belong together: "
         "copy both again",
         file.source(), name, shape_text(tensor->shape), shape_text(shape));
  }
  std::vector<float> values = file.read_f32(*tensor);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" holds {} at position {}; the model was saved from a failed training run or the file is "
           "damaged: use another checkpoint",
           file.source(), name, values[i], with_thousands(i));
    }
  }
  return values;
}

}  // namespace

int64_t num_parameters(const ModelConfig& config) {
  Weights weights;
  weights.layers.resize(static_cast<size_t>(config.num_hidden_layers));
  int64_t sum = 0;
  for_each_tensor(config, weights,
                  [&](const std::string&, const std::vector<float>&, const std::vector<uint64_t>& shape) {
                    int64_t values = 1;
                    for (const uint64_t dimension : shape) values *= static_cast<int64_t>(dimension);
                    sum += values;
                  });
  return sum;
}

Weights read_weights(const Safetensors& file, const ModelConfig& config) {
  Weights weights{.num_parameters = num_parameters(config)};
  weights.layers.resize(static_cast<size_t>(config.num_hidden_layers));
  for_each_tensor(config, weights,
                  [&](const std::string& name, std::vector<float>& values, const std::vector<uint64_t>& shape) {
                    values = read_tensor(file, name, shape);
                  });
  return weights;
}

}  // namespace manyshot
