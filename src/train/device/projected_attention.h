// An attention of projections as one function of autograd: what each kind of it would say again.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "train/device/projection.h"

namespace manyshot::train {

// What an attention computes on. `plan` says who sees whom.
template <class Plan>
struct AttentionInput {
  Projection projection;
  ProjectionAngles angles;
  const Plan& plan;
  double scale;
};

// Kind has a Plan and
//   at::Tensor forward(const AttentionInput<Plan>&, tensor_list& kept): [asking, H, d]; what it keeps, backward() gets;
//   void backward(const AttentionInput<Plan>&, const tensor_list& kept, const at::Tensor& out_gradient,
//                 const Projection& gradient): fills all of `gradient`.
template <class Kind>
struct ProjectedAttention : torch::autograd::Function<ProjectedAttention<Kind>> {
  using Plan = typename Kind::Plan;
  using Input = AttentionInput<Plan>;
  using tensor_list = torch::autograd::tensor_list;

  // [asking, H d]. The plan must outlive the backward pass.
  static at::Tensor attend(const Projection& projection, const ProjectionAngles& angles, const Plan& plan,
                           double scale) {
    return ProjectedAttention::apply(projection.first, projection.maybe_second(), angles.q.cosines, angles.q.sines,
                                     angles.k.cosines, angles.k.sines, projection.num_heads, projection.head_dim, &plan,
                                     scale);
  }

  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& first,
                            const std::optional<at::Tensor>& second, const at::Tensor& q_cosines,
                            const at::Tensor& q_sines, const at::Tensor& k_cosines, const at::Tensor& k_sines,
                            int64_t num_heads, int64_t head_dim, const Plan* plan, double scale) {
    const Input input{{first, second.value_or(at::Tensor()), num_heads, head_dim},
                      {{q_cosines, q_sines}, {k_cosines, k_sines}},
                      *plan,
                      scale};
    tensor_list kept;
    const at::Tensor out = Kind::forward(input, kept);
    tensor_list saved{first, input.projection.second, q_cosines, q_sines, k_cosines, k_sines};
    saved.insert(saved.end(), kept.begin(), kept.end());
    context->save_for_backward(saved);
    context->saved_data["num_heads"] = num_heads;
    context->saved_data["head_dim"] = head_dim;
    context->saved_data["plan"] = reinterpret_cast<int64_t>(plan);
    context->saved_data["scale"] = scale;
    return out.flatten(1);
  }

  static tensor_list backward(torch::autograd::AutogradContext* context, const tensor_list& out_gradients) {
    const tensor_list saved = context->get_saved_variables();
    const int64_t num_heads = context->saved_data["num_heads"].toInt(),
                  head_dim = context->saved_data["head_dim"].toInt();
    const Input input{{saved[0], saved[1], num_heads, head_dim},
                      {{saved[2], saved[3]}, {saved[4], saved[5]}},
                      *reinterpret_cast<const Plan*>(context->saved_data["plan"].toInt()),
                      context->saved_data["scale"].toDouble()};
    const Projection gradient = input.projection.like();
    Kind::backward(input, {saved.begin() + kNumInputs, saved.end()},
                   out_gradients[0].contiguous().unflatten(1, {num_heads, head_dim}), gradient);
    tensor_list all(kNumArguments);
    all[0] = gradient.first;
    all[1] = gradient.second;
    return all;
  }

 private:
  static constexpr ptrdiff_t kNumInputs = 6;   // tensors of an input
  static constexpr size_t kNumArguments = 10;  // of forward()
};

}  // namespace manyshot::train
