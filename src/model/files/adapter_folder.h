// A PEFT LoRA adapter as its files hold it: adapter_config.json and adapter_model.safetensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace manyshot {

// The factors of one module.
struct LoraPair {
  std::vector<float> down, up;  // A [rank, inputs] and B [outputs, rank]
  uint64_t rank = 0, inputs = 0, outputs = 0;
  double scale = 0;  // alpha / rank, or alpha / sqrt(rank) with use_rslora
};

struct AdapterFolder {
  std::map<std::string, LoraPair, std::less<>> pairs;  // by module: "model.layers.0.self_attn.q_proj"
  bool use_rslora = false;
  double dropout = 0;
};

// Throws Error(kNotFound) without these files, kCorruptFile for damaged ones, kUnsupported for adapters that are no
// plain LoRA on linear layers (DoRA, biases, saved modules, other kinds).
AdapterFolder read_adapter_folder(const std::string& folder);

}  // namespace manyshot
