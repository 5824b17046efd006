// What a LoRA adapter is: for `manyshot info` and its card.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/json.h"
#include "model/files/adapter_config.h"
#include "model/files/trained_prompt.h"

namespace manyshot {

struct AdapterFacts {
  std::string path;
  std::string base_name;                  // as it was saved with
  std::map<std::string, size_t> modules;  // "q_proj" -> how many of them it changes
  std::set<uint64_t> ranks;
  std::set<double> scales;  // the factor of B A
  bool use_rslora = false;
  AdapterStart start = AdapterStart::kBase;
  uint64_t parameters = 0;
  std::string note;  // what of its file is left out; "" for nothing
  std::optional<TrainedPrompt> prompt;
};

// No weight is read. Throws what read_adapter_shapes() throws.
AdapterFacts read_adapter_facts(const std::string& folder);

Json to_json(const AdapterFacts& facts);
std::string sentence(const AdapterFacts& facts);  // "Rank 8, scale 2, on q_proj and v_proj of …"
// Some lines for the user.
std::string describe(const AdapterFacts& facts);

}  // namespace manyshot
