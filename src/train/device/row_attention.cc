#include "train/device/row_attention.h"

#include <ATen/ATen.h>

#include "train/device/fused_kernels.h"
#include "train/device/projected_attention.h"

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::tensor_list;

struct RowAttention {
  using Plan = SequenceLengths;
  using Input = AttentionInput<Plan>;

  static Tensor forward(const Input& input, tensor_list& kept) {
    const FusedKernels::RowAttention rows = rows_of(input);
    FlashResult result;
    if (const FusedKernels* kernels = kernels_for(rows)) {
      result.out = at::empty(rows.q.sizes(), rows.q.options());
      result.log_sum = at::empty({rows.q.size(0), rows.q.size(1)}, rows.q.options().dtype(at::kFloat));
      kernels->row_attention(rows, result.out, result.log_sum);
    } else {
      const TurnedHeads heads = turned(input.projection, input.angles);
      result = flash_attention(heads.q, heads.k, rows.v, input.plan, /*is_causal=*/true, input.scale);
    }
    kept = {result.out, result.log_sum, result.state, result.unused};
    return result.out;
  }

  static void backward(const Input& input, const tensor_list& kept, const Tensor& dout, const Projection& gradient) {
    const FlashResult result{.out = kept[0], .log_sum = kept[1], .state = kept[2], .unused = kept[3]};
    const FusedKernels::RowAttention rows = rows_of(input);
    if (const FusedKernels* kernels = kernels_for(rows)) {
      kernels->row_attention_gradient(rows, result.out, result.log_sum, dout, gradient.q(), gradient.k(), gradient.v());
      return;
    }
    const TurnedHeads heads = turned(input.projection, input.angles);
    const FlashGradient of_heads =
        flash_attention_gradient(dout, heads.q, heads.k, rows.v, result, input.plan, /*is_causal=*/true, input.scale);
    turn_back(of_heads.q.contiguous(), of_heads.k.contiguous(), input.angles, gradient);
    gradient.v().copy_(of_heads.v);
  }

 private:
  static FusedKernels::RowAttention rows_of(const Input& input) {
    return {.q = input.projection.q(),
            .k = input.projection.k(),
            .v = input.projection.v(),
            .q_cosines = input.angles.q.cosines,
            .q_sines = input.angles.q.sines,
            .k_cosines = input.angles.k.cosines,
            .k_sines = input.angles.k.sines,
            .lengths = &input.plan,
            .scale = input.scale};
  }

  static const FusedKernels* kernels_for(const FusedKernels::RowAttention& rows) {
    const FusedKernels* kernels = FusedKernels::of(rows.q, rows.q.size(2));
    return kernels != nullptr && kernels->fit(rows) ? kernels : nullptr;
  }
};

}  // namespace

Tensor row_attention(const Projection& projection, const ProjectionAngles& angles, const SequenceLengths& lengths,
                     double scale) {
  return ProjectedAttention<RowAttention>::attend(projection, angles, lengths, scale);
}

}  // namespace manyshot::train
