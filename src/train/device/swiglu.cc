#include "train/device/swiglu.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/device/fused_kernels.h"

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr int64_t kAnyHeadDim = 32;  // the kernels do not depend on it

struct Swiglu : torch::autograd::Function<Swiglu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate_up) {
    context->save_for_backward({gate_up});
    const int64_t width = gate_up.size(1) / 2;
    if (const FusedKernels* kernels = FusedKernels::of(gate_up, kAnyHeadDim)) {
      Tensor out = at::empty({gate_up.size(0), width}, gate_up.options());
      kernels->swiglu(gate_up, out);
      return out;
    }
    return at::silu(gate_up.slice(1, 0, width)) * gate_up.slice(1, width);
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const Tensor gate_up = context->get_saved_variables()[0], dout = gradients[0].contiguous();
    const int64_t width = gate_up.size(1) / 2;
    Tensor gradient = at::empty_like(gate_up);
    if (const FusedKernels* kernels = FusedKernels::of(gate_up, kAnyHeadDim)) {
      kernels->swiglu_gradient(gate_up, dout, gradient);
      return {gradient};
    }
    const Tensor gate = gate_up.slice(1, 0, width);
    gradient.slice(1, 0, width).copy_(at::silu_backward(dout * gate_up.slice(1, width), gate));
    gradient.slice(1, width).copy_(dout * at::silu(gate));
    return {gradient};
  }
};

}  // namespace

Tensor swiglu(const Tensor& gate_up) { return Swiglu::apply(gate_up); }

}  // namespace manyshot::train
