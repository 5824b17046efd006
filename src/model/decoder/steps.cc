#include "model/decoder/steps.h"

namespace manyshot {

void finish_qkv(const DecoderShape& shape, const float* bias, const kernels::Rotation& rotation, size_t M,
                kernels::Positions positions, float* qkv) {
  const kernels::AttentionShape& heads = shape.attention;
  const size_t width = shape.qkv_width;
  if (bias != nullptr) {
    for (size_t row = 0; row < M; ++row) kernels::add(qkv + row * width, bias, width, qkv + row * width);
  }
  kernels::rotate(rotation, {qkv, width}, M, heads.num_heads, positions, shape.query_scale);
  kernels::rotate(rotation, {qkv + heads.query_width(), width}, M, heads.num_kv_heads, positions, 1.0f);
}

template <class T>
void finish_layer(const DecoderShape& shape, const DecoderLayer<T>& layer, const T* attended, size_t M,
                  const FinishScratch<T>& scratch, float* x) {
  const size_t D = shape.D;
  kernels::gemm({attended, shape.query_width()}, M, layer.o.panels(), {x, D}, kernels::Store::kAdd);
  kernels::rms_norm({layer.post_attention_norm.data(), D, shape.epsilon}, {x, D}, M, {scratch.normed, D});
  const auto multiply = [&](size_t column, size_t width) {
    const size_t panel = 2 * column / kernels::kPanelWidth;
    kernels::gemm({scratch.normed, D}, M, layer.gate_up.panels(panel, panel + 2 * width / kernels::kPanelWidth),
                  {scratch.gate_up, 2 * width}, kernels::Store::kOverwrite);
  };
  swiglu_tiles<T>({shape.mlp_width, kSwigluTile, M, scratch.gate_up, scratch.hidden}, multiply, [](size_t, size_t) {});
  kernels::gemm({scratch.hidden, shape.mlp_width}, M, layer.down.panels(), {x, D}, kernels::Store::kAdd);
}

template void finish_layer(const DecoderShape&, const DecoderLayer<float>&, const float*, size_t,
                           const FinishScratch<float>&, float*);
template void finish_layer(const DecoderShape&, const DecoderLayer<kernels::BFloat16>&, const kernels::BFloat16*,
                           size_t, const FinishScratch<kernels::BFloat16>&, float*);

}  // namespace manyshot
