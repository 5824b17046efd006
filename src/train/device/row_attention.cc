#include "train/device/row_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "train/device/fused_kernels.h"

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

FusedKernels::RowAttention rows_of(const Projection& projection, const ProjectionAngles& angles,
                                   const SequenceLengths& lengths, double scale) {
  return {.q = projection.q(),
          .k = projection.k(),
          .v = projection.v(),
          .q_cosines = angles.q.cosines,
          .q_sines = angles.q.sines,
          .k_cosines = angles.k.cosines,
          .k_sines = angles.k.sines,
          .lengths = &lengths,
          .scale = scale};
}

const FusedKernels* kernels_for(const FusedKernels::RowAttention& rows) {
  const FusedKernels* kernels = FusedKernels::of(rows.q, rows.q.size(2));
  return kernels != nullptr && kernels->fit(rows) ? kernels : nullptr;
}

struct RowAttentionFunction : torch::autograd::Function<RowAttentionFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& first, const std::optional<Tensor>& maybe_second,
                        const Tensor& q_cosines, const Tensor& q_sines, const Tensor& k_cosines, const Tensor& k_sines,
                        int64_t num_heads, int64_t head_dim, const SequenceLengths* lengths, double scale) {
    const Tensor second = maybe_second.value_or(Tensor());
    const Projection projection{first, second, num_heads, head_dim};
    const ProjectionAngles angles{{q_cosines, q_sines}, {k_cosines, k_sines}};
    const FusedKernels::RowAttention rows = rows_of(projection, angles, *lengths, scale);
    FlashResult result;
    if (const FusedKernels* kernels = kernels_for(rows)) {
      result.out = at::empty(rows.q.sizes(), rows.q.options());
      result.log_sum = at::empty({rows.q.size(0), num_heads}, rows.q.options().dtype(at::kFloat));
      kernels->row_attention(rows, result.out, result.log_sum);
    } else {
      const TurnedHeads heads = turned(projection, angles);
      result = flash_attention(heads.q, heads.k, rows.v, *lengths, /*is_causal=*/true, scale);
    }
    context->save_for_backward({first, second, q_cosines, q_sines, k_cosines, k_sines, result.out, result.log_sum,
                                result.state, result.unused});
    context->saved_data["num_heads"] = num_heads;
    context->saved_data["head_dim"] = head_dim;
    context->saved_data["lengths"] = reinterpret_cast<int64_t>(lengths);
    context->saved_data["scale"] = scale;
    return result.out.flatten(1);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const Projection projection{saved[0], saved[1], context->saved_data["num_heads"].toInt(),
                                context->saved_data["head_dim"].toInt()};
    const ProjectionAngles angles{{saved[2], saved[3]}, {saved[4], saved[5]}};
    const auto* lengths = reinterpret_cast<const SequenceLengths*>(context->saved_data["lengths"].toInt());
    const double scale = context->saved_data["scale"].toDouble();
    const FlashResult result{.out = saved[6], .log_sum = saved[7], .state = saved[8], .unused = saved[9]};
    const Tensor dout = gradients[0].contiguous().view(result.out.sizes());
    const Projection gradient = projection.like();
    const FusedKernels::RowAttention rows = rows_of(projection, angles, *lengths, scale);
    if (const FusedKernels* kernels = kernels_for(rows)) {
      kernels->row_attention_gradient(rows, result.out, result.log_sum, dout, gradient.q(), gradient.k(), gradient.v());
    } else {
      const TurnedHeads heads = turned(projection, angles);
      const FlashGradient of_heads =
          flash_attention_gradient(dout, heads.q, heads.k, rows.v, result, *lengths, /*is_causal=*/true, scale);
      turn_back(of_heads.q.contiguous(), of_heads.k.contiguous(), angles, gradient);
      gradient.v().copy_(of_heads.v);
    }
    tensor_list all(10);
    all[0] = gradient.first;
    all[1] = gradient.second;
    return all;
  }
};

}  // namespace

Tensor row_attention(const Projection& projection, const ProjectionAngles& angles, const SequenceLengths& lengths,
                     double scale) {
  return RowAttentionFunction::apply(projection.first, projection.maybe_second(), angles.q.cosines, angles.q.sines,
                                     angles.k.cosines, angles.k.sines, projection.num_heads, projection.head_dim,
                                     &lengths, scale);
}

}  // namespace manyshot::train
