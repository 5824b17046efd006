// Version and sizes of a fresh compact decoder (docs/formats/compact.md).
#pragma once

#include "core/options.h"

namespace manyshot::train {

struct CompactSizes {
  int version = 1;
  int hidden_size = 128;
  int intermediate_size = 352;
  int num_attention_heads = 4;
  int num_key_value_heads = 4;
  int num_hidden_layers = 8;
  int row_layers = 3;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("version", self.version, between(1, 2),
      "Version of the format: 1 knows numbers and classes; 2 categories, missing cells and numbers to predict, too.");
    v("hidden_size", self.hidden_size, between(16, 65536), "Width; a multiple of 16.");
    v("intermediate_size", self.intermediate_size, between(1, 1 << 20), "Width inside the MLP.");
    v("num_attention_heads", self.num_attention_heads, between(1, 1024), "Heads; they divide the width.");
    v("num_hidden_layers", self.num_hidden_layers, between(2, 1024), "Layers, the row layers among them.");
    v("row_layers", self.row_layers, between(1, 1023), "The first layers, which see their own row only.");
    v("num_key_value_heads", self.num_key_value_heads, between(1, 1024),
      "Heads of keys and values; they divide the heads.");
  }
};

}  // namespace manyshot::train
