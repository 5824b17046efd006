#include "model/files/gguf_names.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace manyshot {
namespace {

using Names = std::pair<std::string_view, std::string_view>;  // in GGUF, in transformers

constexpr std::array<Names, 3> kModelTensors = {{
    {"token_embd.weight", "model.embed_tokens.weight"},
    {"output_norm.weight", "model.norm.weight"},
    {"output.weight", "lm_head.weight"},
}};

constexpr std::array<Names, 9> kLayerParts = {{
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
}};

// A name taken apart: "blk.3.attn_q.weight" -> "3", "attn_q", ".weight".
struct LayerName {
  std::string_view layer, part, kind;
};

bool take_apart(std::string_view name, std::string_view prefix, LayerName& parts) {
  const size_t layer_end = name.find('.', prefix.size()), part_end = name.rfind('.');
  if (!name.starts_with(prefix) || layer_end == std::string_view::npos || part_end <= layer_end) return false;
  parts = {name.substr(prefix.size(), layer_end - prefix.size()), name.substr(layer_end + 1, part_end - layer_end - 1),
           name.substr(part_end)};
  return true;
}

constexpr std::string_view kGgufLayer = "blk.", kTransformersLayer = "model.layers.";

}  // namespace

std::string transformers_name(std::string_view name) {
  for (const auto& [gguf, transformers] : kModelTensors) {
    if (name == gguf) return std::string(transformers);
  }
  LayerName parts;
  if (!take_apart(name, kGgufLayer, parts)) return std::string(name);
  for (const auto& [gguf, transformers] : kLayerParts) {
    if (parts.part == gguf) parts.part = transformers;
  }
  return fmt::format("{}{}.{}{}", kTransformersLayer, parts.layer, parts.part, parts.kind);
}

std::string gguf_name(std::string_view name) {
  for (const auto& [gguf, transformers] : kModelTensors) {
    if (name == transformers) return std::string(gguf);
  }
  LayerName parts;
  if (!take_apart(name, kTransformersLayer, parts)) return std::string(name);
  for (const auto& [gguf, transformers] : kLayerParts) {
    if (parts.part == transformers) parts.part = gguf;
  }
  return fmt::format("{}{}.{}{}", kGgufLayer, parts.layer, parts.part, parts.kind);
}

bool is_interleaved_in_llama(std::string_view name) {
  return name.find(".self_attn.q_proj.") != std::string_view::npos ||
         name.find(".self_attn.k_proj.") != std::string_view::npos;
}

uint64_t interleaved_row(uint64_t row, uint64_t head_dim) {
  const uint64_t in_head = row % head_dim, half = head_dim / 2;
  return row - in_head + in_head % half * 2 + in_head / half;
}

uint64_t row_of_interleaved(uint64_t row, uint64_t head_dim) {
  const uint64_t in_head = row % head_dim, half = head_dim / 2;
  return row - in_head + in_head % 2 * half + in_head / 2;
}

}  // namespace manyshot
