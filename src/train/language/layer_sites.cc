#include "train/language/layer_sites.h"

#include <fmt/format.h>

namespace manyshot::train {

SiteShapes site_shapes(const LanguageModelConfig& config) {
  const DecoderShape shape(config);
  const size_t D = shape.D, intermediate = shape.intermediate, mlp_width = shape.mlp_width,
               queries = shape.query_width(), keys = shape.key_width();
  SiteShapes sites;
  sites[kQkv] = {D,
                 D,
                 shape.qkv_width,
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

}  // namespace manyshot::train
