#include "train/device/causal_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct CausalAttention : torch::autograd::Function<CausalAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const SequenceLengths* lengths, double scale) {
    const FlashResult result = flash_attention(q, k, v, *lengths, /*is_causal=*/true, scale);
    context->save_for_backward({q, k, v, result.out, result.log_sum, result.state, result.unused});
    context->saved_data["lengths"] = reinterpret_cast<int64_t>(lengths);
    context->saved_data["scale"] = scale;
    return result.out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const auto* lengths = reinterpret_cast<const SequenceLengths*>(context->saved_data["lengths"].toInt());
    const FlashResult result{.out = saved[3], .log_sum = saved[4], .state = saved[5], .unused = saved[6]};
    const FlashGradient gradient =
        flash_attention_gradient(gradients[0].contiguous(), saved[0], saved[1], saved[2], result, *lengths,
                                 /*is_causal=*/true, context->saved_data["scale"].toDouble());
    return {gradient.q, gradient.k, gradient.v, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor causal_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SequenceLengths& lengths,
                        double scale) {
  return CausalAttention::apply(q, k, v, &lengths, scale);
}

}  // namespace manyshot::train
