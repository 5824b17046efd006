#include "train/device/rotation.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/device/fused_kernels.h"

namespace manyshot::train {

using at::Tensor;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct Rotation : torch::autograd::Function<Rotation> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& cosines, const Tensor& sines) {
    context->save_for_backward({cosines, sines});
    return turned(x, {cosines, sines}, 1);
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    return {turned(gradients[0].contiguous(), {saved[0], saved[1]}, -1), Tensor(), Tensor()};
  }

 private:
  static Tensor turned(const Tensor& x, const Angles& angles, double direction) {
    Tensor out = at::empty(x.sizes(), x.options());
    turn(x, angles, direction, out);
    return out;
  }
};

}  // namespace

Angles Angles::slice(int64_t first) const { return {cosines.slice(0, first), sines.slice(0, first)}; }

void turn(const Tensor& x, const Angles& angles, double direction, const Tensor& out) {
  if (const FusedKernels* kernels = FusedKernels::of(x, x.size(2))) {
    return kernels->rotate(x, angles.cosines, angles.sines, direction, out);
  }
  const int64_t half = x.size(-1) / 2;
  const Tensor a = x.slice(-1, 0, half), b = x.slice(-1, half);
  // Products are f32, also of bf16 values.
  out.slice(-1, 0, half).copy_((a * angles.cosines).sub_(b * angles.sines, direction));
  out.slice(-1, half).copy_((b * angles.cosines).add_(a * angles.sines, direction));
}

Tensor rotated(const Tensor& x, const Angles& angles) { return Rotation::apply(x, angles.cosines, angles.sines); }

}  // namespace manyshot::train
