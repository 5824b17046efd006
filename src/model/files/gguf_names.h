// What the tensors of Llama and Qwen2 models are called in GGUF files and in transformers, and the order of the rows of
// q and k there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace manyshot {

// "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight". A layer's part without a counterpart stays as it
// is behind "model.layers.3.", other names stay whole.
std::string transformers_name(std::string_view gguf_name);
// The way back.
std::string gguf_name(std::string_view transformers_name);

// GGUF files of Llama models turn dimensions 2i and 2i + 1 of a head together, transformers i and i + head_dim / 2, so
// that converters interleave the halves of each head's rows of q and k.
bool is_interleaved_in_llama(std::string_view transformers_name);
// Where a GGUF file has the row `row` of transformers, and the way back.
uint64_t interleaved_row(uint64_t row, uint64_t head_dim);
uint64_t row_of_interleaved(uint64_t row, uint64_t head_dim);

}  // namespace manyshot
