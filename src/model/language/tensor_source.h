// Where a language model's weights come from: a Hugging Face folder (one or several safetensors files) or a GGUF file.
// Names and layout are those of transformers: model.layers.3.self_attn.q_proj.weight, [outputs, inputs] row-major,
// rotary halves (GGUF files of Llama models store the rows of q and k in another order, which is undone here).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/language/config.h"

namespace manyshot {

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual const std::string& path() const = 0;
  virtual const LanguageModelConfig& config() const = 0;
  virtual bool contains(std::string_view name) const = 0;
  // Throws Error(kCorruptFile) naming file and tensor when it is absent.
  virtual std::vector<uint64_t> shape(std::string_view name) const = 0;
  // "BF16", "Q4_1", …
  virtual std::string type_name(std::string_view name) const = 0;
  // Rows first_row .. first_row + num_rows of a matrix (a vector is one row), dequantised to f32. `out` has num_rows *
  // columns values. Safe to call from several threads.
  virtual void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const = 0;
  // Total bytes of the weights as stored.
  virtual uint64_t stored_bytes() const = 0;
};

// `path` is a GGUF file, a folder with model.gguf, or one with config.json and safetensors. Throws Error(kNotFound,
// kCorruptFile, kUnsupported).
std::unique_ptr<TensorSource> open_tensor_source(const std::string& path);

}  // namespace manyshot
