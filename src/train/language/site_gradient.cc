#include "train/language/site_gradient.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/elementwise_backward.h"
#include "kernels/outer_gemm.h"

namespace manyshot::train {

using kernels::add;
using kernels::AlignedBuffer;
using kernels::BFloat16;
using kernels::convert;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::outer_gemm;
using kernels::pack_rows;
using kernels::packed_rows_size;
using kernels::Store;

template <class T>
SiteGradient<T>::SiteGradient(const TrainedNetwork<T>& network, const Dropout& dropout, size_t num_tokens,
                              PassMemory<T>& memory)
    : network_(network), dropout_(dropout), memory_(memory) {
  size_t widest_input = 0, widest_output = 0, widest_lora = 0;
  for (size_t site = 0; site < kNumSites; ++site) {
    widest_input = std::max(widest_input, network.sites()[site].input_width);
    widest_output = std::max(widest_output, network.sites()[site].num_outputs);
    widest_lora = std::max(widest_lora, network.lora_width(site));
  }
  if (widest_lora == 0) return;
  lora_sums_ = AlignedBuffer<float>(num_tokens * widest_lora);
  lora_gradients_ = AlignedBuffer<T>(num_tokens * widest_lora);
  packed_inputs_ = AlignedBuffer<T>(packed_rows_size(num_tokens, widest_input));
  packed_outputs_ = AlignedBuffer<T>(packed_rows_size(num_tokens, widest_output));
  packed_lora_ = AlignedBuffer<T>(packed_rows_size(num_tokens, widest_lora));
  if (!dropout.is_active()) return;
  dropped_gradients_ = AlignedBuffer<float>(num_tokens * widest_input);
  dropped_inputs_ = AlignedBuffer<T>(num_tokens * widest_input);
}

template <class T>
void SiteGradient<T>::begin(size_t layer, size_t site, const Range& block, const T* dy) {
  layer_ = layer;
  site_ = site;
  block_ = block;
  dy_ = dy;
  if (!lora().is_trained()) return;
  const size_t M = block.size(), width = lora().width();
  gemm({dy, shape().num_outputs}, M, lora().up_transposed.panels(), {lora_sums_.data(), width}, Store::kOverwrite);
  convert({lora_sums_.data(), width}, M, width, {lora_gradients_.data(), width});
  if (!dropout_.is_active()) return;
  float* dx = dropped_gradients_.data();
  gemm({lora_gradients_.data(), width}, M, lora().down_transposed.panels(), {dx, shape().input_width},
       Store::kOverwrite);
  drop(dx, dx);
}

template <class T>
void SiteGradient<T>::differentiate_input(const Range& panels, float* dx, size_t ldx) {
  const size_t M = block_.size();
  gemm({dy_, shape().num_outputs}, M, network_.layer(layer_).transposed[site_].panels(panels.first, panels.last),
       {dx, ldx}, Store::kOverwrite);
  if (!lora().is_trained()) return;
  if (!dropout_.is_active()) {
    gemm({lora_gradients_.data(), lora().width()}, M, lora().down_transposed.panels(panels.first, panels.last),
         {dx, ldx}, Store::kAdd);
    return;
  }
  for (size_t row = 0; row < M; ++row) {
    add(dx + row * ldx, dropped_gradients_.data() + row * shape().input_width + panels.first * kPanelWidth,
        panels.size() * kPanelWidth, dx + row * ldx);
  }
}

template <class T>
void SiteGradient<T>::add_weight_sums(const T* x, float* sums) {
  const size_t M = block_.size(), input_width = shape().input_width, num_outputs = shape().num_outputs;
  if (network_.trains_all()) {
    std::copy_n(x, M * input_width, memory_.site_inputs[site_].data() + block_.first * input_width);
    std::copy_n(dy_, M * num_outputs, memory_.site_gradients[site_].data() + block_.first * num_outputs);
    return;
  }
  if (!lora().is_trained()) return;
  if (dropout_.is_active()) {
    drop(x, dropped_inputs_.data());
    x = dropped_inputs_.data();
  }
  const size_t width = lora().width(), rank = lora().rank();
  const T* hidden = memory_.layer(layer_).lora_hidden[site_].data() + block_.first * width;
  float* to = sums + memory_.sums_layout.lora[site_];
  const auto pack_lora = [&](const T* rows) { return pack_rows({rows, width}, M, width, packed_lora_.data()); };
  outer_gemm(pack_lora(lora_gradients_.data()), rank,
             pack_rows({x, input_width}, M, input_width, packed_inputs_.data()), {to, input_width}, Store::kAdd);
  outer_gemm(pack_lora(hidden), rank, pack_rows({dy_, num_outputs}, M, num_outputs, packed_outputs_.data()),
             {to + rank * input_width, num_outputs}, Store::kAdd);
}

template class SiteGradient<float>;
template class SiteGradient<BFloat16>;

}  // namespace manyshot::train
