#include "train/device/label_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// A log-sum so large that exp(score - it) is 0: the weights of what shall not count.
constexpr double kNothing = 1e30;

// One group of summaries: those of a kind.
enum Group { kLabels, kBars, kQueries };

class Attention {
 public:
  Attention(const SummaryPlan& plan, double scale) : plan_(plan), scale_(scale) {}

  int64_t size(Group group) const { return group == kQueries ? plan_.num_queries : plan_.num_labelled; }
  // Where the group's queries begin in q, which has `num_summaries` of them.
  int64_t first(Group group, int64_t num_summaries) const {
    if (group == kLabels) return 0;
    const int64_t bars = num_summaries - plan_.num_queries - plan_.num_labelled;
    return group == kBars ? bars : bars + plan_.num_labelled;
  }
  bool has(Group group, int64_t num_summaries) const {
    if (group == kLabels && num_summaries == plan_.num_labelled + plan_.num_queries) return false;
    return size(group) > 0;
  }
  const SequenceLengths& lengths(Group group) const { return group == kQueries ? plan_.queries : plan_.labelled; }
  bool is_causal(Group group) const { return group != kQueries; }

  Tensor part(const Tensor& x, Group group) const {
    const int64_t begin = first(group, x.size(0));
    return x.slice(0, begin, begin + size(group));
  }
  // To the places where bars look back over the same labels as the labels' own queries, and back.
  Tensor to_places(const Tensor& x, Group group) const {
    return group == kBars ? x.index_select(0, plan_.shifted) : x.contiguous();
  }
  Tensor from_places(const Tensor& x, Group group) const {
    return group == kBars ? x.index_select(0, plan_.unshifted) : x;
  }
  Tensor labels(const Tensor& x) const { return x.slice(0, 0, plan_.num_labelled).contiguous(); }
  // The own row's bar, for each head of the queries.
  Tensor own(const Tensor& x, Group group, int64_t repeats) const {
    const Tensor bars = part(x, group == kQueries ? kQueries : kBars);
    return repeats == 1 ? bars : bars.repeat_interleave(repeats, 1);
  }
  // What own() repeated, added up.
  static Tensor sum_repeats(const Tensor& x, int64_t repeats) {
    return repeats == 1 ? x : x.view({x.size(0), x.size(1) / repeats, repeats, x.size(2)}).sum(2);
  }

  const SummaryPlan& plan() const { return plan_; }
  double scale() const { return scale_; }

 private:
  const SummaryPlan& plan_;
  double scale_;
};

// What a group's forward pass leaves for its backward pass.
struct Merged {
  Tensor out;         // [T, H, d]
  FlashResult flash;  // of the labels alone
  Tensor log_sum;     // [T, H] of labels and the own bar
};

Merged attend(const Attention& attention, Group group, const Tensor& q, const Tensor& k, const Tensor& v) {
  const int64_t repeats = q.size(1) / k.size(1);
  const Tensor queries = attention.part(q, group);
  Merged merged{.flash = flash_attention(attention.to_places(queries, group), attention.labels(k), attention.labels(v),
                                         attention.lengths(group), attention.is_causal(group), attention.scale())};
  const Tensor own_score =
      (queries * attention.own(k, group, repeats)).sum(-1, /*keepdim=*/false, at::kFloat) * attention.scale();
  Tensor label_sum = attention.from_places(merged.flash.log_sum, group);
  // The first bar of a task has no label before it.
  if (group == kBars) label_sum = label_sum.contiguous().index_fill(0, attention.plan().first_row, -kNothing);
  merged.log_sum = at::logaddexp(label_sum, own_score);
  const Tensor label_share = at::exp(label_sum - merged.log_sum).unsqueeze(-1);
  const Tensor own_share = at::exp(own_score - merged.log_sum).unsqueeze(-1);
  merged.out =
      (attention.from_places(merged.flash.out, group) * label_share + attention.own(v, group, repeats) * own_share)
          .to(q.scalar_type());
  return merged;
}

struct Gradients {
  Tensor q, k, v;  // of all summaries; added to
};

void attend_backward(const Attention& attention, Group group, const Tensor& out_gradient, const Tensor& q,
                     const Tensor& k, const Tensor& v, const Merged& merged, Gradients& gradients) {
  const int64_t repeats = q.size(1) / k.size(1);
  const Tensor queries = attention.part(q, group), dout = attention.part(out_gradient, group);
  const Tensor own_k = attention.own(k, group, repeats), own_v = attention.own(v, group, repeats);
  const Tensor share =
      at::exp((queries * own_k).sum(-1, false, at::kFloat) * attention.scale() - merged.log_sum).unsqueeze(-1);
  const Tensor dscore = share * (dout * (own_v - merged.out)).sum(-1, /*keepdim=*/true, at::kFloat) * attention.scale();
  FlashResult flash = merged.flash;
  flash.out = attention.to_places(merged.out, group);
  flash.log_sum = attention.to_places(merged.log_sum, group);
  if (group == kBars) flash.log_sum = flash.log_sum.index_fill(0, attention.plan().last_place, kNothing);
  const FlashGradient of_labels = flash_attention_gradient(
      attention.to_places(dout, group), attention.to_places(queries, group), attention.labels(k), attention.labels(v),
      flash, attention.lengths(group), attention.is_causal(group), attention.scale());
  const Tensor dq = attention.from_places(of_labels.q, group);
  attention.part(gradients.q, group).copy_(dq + dscore * own_k);
  attention.part(gradients.k, kLabels).add_(of_labels.k);
  attention.part(gradients.v, kLabels).add_(of_labels.v);
  const Group bars = group == kQueries ? kQueries : kBars;
  attention.part(gradients.k, bars).add_(Attention::sum_repeats(dscore * queries, repeats));
  attention.part(gradients.v, bars).add_(Attention::sum_repeats(share * dout, repeats));
}

struct LabelAttention : torch::autograd::Function<LabelAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const SummaryPlan* plan, double scale) {
    const Attention attention(*plan, scale);
    Tensor out = at::empty_like(q);
    tensor_list saved{q, k, v};
    for (const Group group : {kLabels, kBars, kQueries}) {
      if (!attention.has(group, q.size(0))) continue;
      const Merged merged = attend(attention, group, q, k, v);
      attention.part(out, group).copy_(merged.out);
      saved.insert(saved.end(), {merged.log_sum, merged.flash.state, merged.flash.unused});
    }
    saved.push_back(out);
    context->save_for_backward(saved);
    context->saved_data["plan"] = reinterpret_cast<int64_t>(plan);
    context->saved_data["scale"] = scale;
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& out_gradients) {
    const tensor_list saved = context->get_saved_variables();
    const auto* plan = reinterpret_cast<const SummaryPlan*>(context->saved_data["plan"].toInt());
    const Attention attention(*plan, context->saved_data["scale"].toDouble());
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &out = saved.back();
    // Sums of several groups: in f32 where the values are not.
    Gradients gradients{.q = at::empty_like(q),
                        .k = at::zeros(k.sizes(), k.options().dtype(at::kFloat)),
                        .v = at::zeros(v.sizes(), v.options().dtype(at::kFloat))};
    size_t next = 3;
    for (const Group group : {kLabels, kBars, kQueries}) {
      if (!attention.has(group, q.size(0))) continue;
      const Merged merged{.out = attention.part(out, group),
                          .flash = {.state = saved[next + 1], .unused = saved[next + 2]},
                          .log_sum = saved[next]};
      next += 3;
      attend_backward(attention, group, out_gradients[0], q, k, v, merged, gradients);
    }
    return {gradients.q, gradients.k.to(k.scalar_type()), gradients.v.to(v.scalar_type()), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor label_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SummaryPlan& plan, double scale) {
  return LabelAttention::apply(q, k, v, &plan, scale);
}

}  // namespace manyshot::train
