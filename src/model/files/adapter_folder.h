// A PEFT LoRA adapter as its files hold it: adapter_config.json and adapter_model.safetensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/files/adapter_config.h"

namespace manyshot {

// The factors of one module.
struct LoraPair {
  std::vector<float> down, up;  // A [rank, inputs] and B [outputs, rank]
  uint64_t rank = 0, inputs = 0, outputs = 0;
  double scale = 0;  // alpha / rank, or alpha / sqrt(rank) with use_rslora
};

struct AdapterFolder {
  std::map<std::string, LoraPair, std::less<>> pairs;  // by module: "model.layers.0.self_attn.q_proj"
  AdapterStart start = AdapterStart::kBase;
  bool use_rslora = false;
  double dropout = 0;
  std::string base_name;            // as the adapter was saved with; may be a path of another machine
  std::vector<std::string> unused;  // modules whose factors the configuration does not target: left out, as PEFT does
};

// Throws Error(kNotFound) without these files, kBadInput or kUnsupported for other files in their place, kCorruptFile
// for damaged ones and for ranks that the weights contradict, and what AdapterConfig throws.
AdapterFolder read_adapter_folder(const std::string& folder);
// The same without reading the factors: `down` and `up` stay empty.
AdapterFolder read_adapter_shapes(const std::string& folder);

// Says which factors were left out, for the user; "" when none was.
std::string note_of_unused(const AdapterFolder& adapter);

}  // namespace manyshot
