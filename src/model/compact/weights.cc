#include "model/compact/weights.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

class Reader {
 public:
  explicit Reader(const Safetensors& file) : file_(file) {}

  std::vector<float> read(const std::string& name, std::vector<uint64_t> shape) {
    const TensorInfo* tensor = file_.find(name);
    if (tensor == nullptr) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" {} is missing; config.json and weights do not belong together, or the file is "
           "incomplete: copy both again",
           file_.source(), name, shape_text(shape));
    }
    if (tensor->shape != shape) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" has shape {}, config.json calls for {}; config.json and weights do not belong together: "
           "copy both again",
           file_.source(), name, shape_text(tensor->shape), shape_text(shape));
    }
    std::vector<float> values = file_.read_f32(*tensor);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i])) {
        fail(ErrorKind::kCorruptFile,
             "{}: tensor \"{}\" holds {} at position {}; the model was saved from a failed training run or the file is "
             "damaged: use another checkpoint",
             file_.source(), name, values[i], with_thousands(i));
      }
    }
    num_parameters_ += static_cast<int64_t>(values.size());
    return values;
  }
  int64_t num_parameters() const { return num_parameters_; }

 private:
  const Safetensors& file_;
  int64_t num_parameters_ = 0;
};

LayerWeights read_layer(Reader& reader, const ModelConfig& config, int layer) {
  const uint64_t D = config.hidden_size, I = config.intermediate_size;
  const uint64_t queries = uint64_t(config.num_attention_heads) * config.head_dim;
  const uint64_t keys = uint64_t(config.num_key_value_heads) * config.head_dim;
  const auto read = [&](const char* name, std::vector<uint64_t> shape) {
    return reader.read(fmt::format("model.layers.{}.{}.weight", layer, name), std::move(shape));
  };
  LayerWeights weights;
  weights.input_norm = read("input_layernorm", {D});
  weights.post_attention_norm = read("post_attention_layernorm", {D});
  weights.q_proj = read("self_attn.q_proj", {queries, D});
  weights.k_proj = read("self_attn.k_proj", {keys, D});
  weights.v_proj = read("self_attn.v_proj", {keys, D});
  weights.o_proj = read("self_attn.o_proj", {D, queries});
  weights.gate_proj = read("mlp.gate_proj", {I, D});
  weights.up_proj = read("mlp.up_proj", {I, D});
  weights.down_proj = read("mlp.down_proj", {D, I});
  return weights;
}

}  // namespace

Weights read_weights(const Safetensors& file, const ModelConfig& config) {
  const uint64_t D = config.hidden_size;
  Reader reader(file);
  Weights weights;
  weights.embedding = reader.read("model.embed_tokens.weight", {uint64_t(config.vocab_size), D});
  weights.final_norm = reader.read("model.norm.weight", {D});
  for (int layer = 0; layer < config.num_hidden_layers; ++layer)
    weights.layers.push_back(read_layer(reader, config, layer));
  weights.num_parameters = reader.num_parameters();
  return weights;
}

}  // namespace manyshot
