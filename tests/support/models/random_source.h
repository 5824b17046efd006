// A small language model with random weights, in memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/language/tensor_source.h"
#include "support/models/random_tensor.h"

namespace manyshot {

class RandomSource : public TensorSource {
 public:
  // Every value is one that bf16 has.
  explicit RandomSource(const LanguageModelConfig& config, uint64_t seed = 1);

  const std::string& path() const override { return path_; }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view name) const override { return tensors_.contains(std::string(name)); }
  std::vector<uint64_t> shape(std::string_view name) const override { return tensor(name).shape; }
  std::string type_name(std::string_view) const override { return "F32"; }
  void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const override;
  uint64_t stored_bytes() const override { return 0; }

  const RandomTensor& tensor(std::string_view name) const { return tensors_.at(std::string(name)); }
  RandomTensor& tensor(std::string_view name) { return tensors_.at(std::string(name)); }
  LanguageModelConfig& mutable_config() { return config_; }

 private:
  std::string path_ = "random";
  LanguageModelConfig config_;
  std::map<std::string, RandomTensor> tensors_;
};

// Two layers, 64 wide, 160 tokens of vocabulary, 4 heads of 16 on 2 key heads.
LanguageModelConfig small_llama();
LanguageModelConfig small_qwen2();

std::vector<TokenId> random_tokens(const LanguageModelConfig& config, size_t count, uint64_t seed = 1);

}  // namespace manyshot
