// A small language model that knows nothing: random weights, and a token for every word of some data. The clean
// instrument for what training alone makes of facts: minutes on two cores, and no word that it could know from before.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/options.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

struct WordModelOptions {
  int layers = 2;
  int hidden_size = 128;
  int heads = 4;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Model");
    v("layers", self.layers, between(1, 256), "Layers of the decoder.");
    v("hidden_size", self.hidden_size, between(16, 1 << 14), "Its width: a multiple of 16 times the heads.");
    v("heads", self.heads, between(1, 256), "Attention heads.");
    v("seed", self.seed, any_value(), "Of the random weights.");
  }
};

// The pieces that tokens are made of, in the order in which they first come: letters and digits with the blank before
// them.
std::vector<std::string> words_of(std::span<const LabData> data);

// Writes a Llama model as a Hugging Face folder, which must not exist or be empty: config.json, weights in bfloat16,
// and a tokenizer.json in which every word of the data is a token and every other byte one of its own. Throws
// Error(kBadInput) for sizes that do not fit each other and a folder with something in it. Returns its parameters.
int64_t write_word_model(std::span<const LabData> data, const WordModelOptions& options, const std::string& folder);

}  // namespace manyshot::lab
