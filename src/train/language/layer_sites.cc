#include "train/language/layer_sites.h"

#include <fmt/format.h>

namespace manyshot {

using kernels::round_up;

SiteShapes site_shapes(const LanguageModelConfig& config) {
  const auto D = static_cast<size_t>(config.hidden_size), intermediate = static_cast<size_t>(config.intermediate_size),
             head_dim = static_cast<size_t>(config.head_dim),
             queries = static_cast<size_t>(config.num_attention_heads) * head_dim,
             keys = static_cast<size_t>(config.num_key_value_heads) * head_dim,
             mlp_width = round_up(intermediate, kSwigluTile);
  SiteShapes sites;
  sites[kQkv] = {D,
                 D,
                 queries + 2 * keys,
                 {{"self_attn.q_proj", queries, 0},
                  {"self_attn.k_proj", keys, queries},
                  {"self_attn.v_proj", keys, queries + keys}}};
  sites[kAttentionOut] = {queries, queries, D, {{"self_attn.o_proj", D, 0}}};
  sites[kGateUp] = {D,
                    D,
                    2 * mlp_width,
                    {{"mlp.gate_proj", intermediate, 0, true}, {"mlp.up_proj", intermediate, kSwigluTile, true}}};
  sites[kDown] = {intermediate, mlp_width, D, {{"mlp.down_proj", D, 0}}};
  return sites;
}

std::string module_name(size_t layer, const SiteModule& module) {
  return fmt::format("model.layers.{}.{}", layer, module.name);
}

}  // namespace manyshot
