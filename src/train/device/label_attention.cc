#include "train/device/label_attention.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <utility>
#include <vector>

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// A log-sum so large that exp(score - it) is 0: the weights of what shall not count.
constexpr double kNothing = 1e30;

// Labels and bars of one task look back over the same labels, so that they ask together: as two heads instead of one,
// bars at the places of SummaryPlan::shifted. Queries ask by themselves.
class Attention {
 public:
  // `num_asking`: summaries that ask.
  Attention(const SummaryPlan& plan, double scale, int64_t num_asking)
      : plan_(plan),
        scale_(scale),
        asks_labels_(num_asking > plan.num_labelled + plan.num_queries),
        first_bar_(asks_labels_ ? plan.num_labelled : 0),
        first_query_(first_bar_ + plan.num_labelled) {}

  double scale() const { return scale_; }
  bool has_queries() const { return plan_.num_queries > 0; }

  Tensor labels(const Tensor& x) const { return x.slice(0, 0, plan_.num_labelled).contiguous(); }
  // The own row's bar of each summary that asks, for each head of the queries.
  Tensor own(const Tensor& x, int64_t repeats) const {
    const Tensor bars = x.slice(0, plan_.num_labelled);
    const Tensor own = asks_labels_ ? at::cat({bars.slice(0, 0, plan_.num_labelled), bars}, 0) : bars;
    return repeats == 1 ? own : own.repeat_interleave(repeats, 1);
  }
  // What own() gave to several, added up: [bars, H_kv, d].
  Tensor sum_own(const Tensor& x, int64_t repeats) const {
    const Tensor sums = repeats == 1 ? x : x.unflatten(1, {x.size(1) / repeats, repeats}).sum(2);
    if (!asks_labels_) return sums;
    Tensor bars = sums.slice(0, first_bar_);
    bars.slice(0, 0, plan_.num_labelled).add_(sums.slice(0, 0, plan_.num_labelled));
    return bars;
  }

  // x [asking, H, ...] of labels and bars as [num_labelled, 2 H, ...] (H where labels do not ask), and back.
  Tensor side_by_side(const Tensor& x) const {
    const Tensor bars = x.slice(0, first_bar_, first_query_).index_select(0, plan_.shifted);
    if (!asks_labels_) return bars;
    return at::stack({x.slice(0, 0, plan_.num_labelled), bars}, 2).flatten(1, 2);
  }
  std::vector<Tensor> apart(const Tensor& x) const {
    if (!asks_labels_) return {x.index_select(0, plan_.unshifted)};
    const Tensor pairs = x.unflatten(1, {-1, 2});
    return {pairs.select(2, 0), pairs.select(2, 1).index_select(0, plan_.unshifted)};
  }
  Tensor queries(const Tensor& x) const { return x.slice(0, first_query_).contiguous(); }

  // The first bar of a task has no label before it: `log_sum` [asking, H] of the labels says so,
  void hide_nothing(Tensor& log_sum) const {
    log_sum.slice(0, first_bar_, first_query_).index_fill_(0, plan_.first_row, -kNothing);
  }
  // and as it stands at its task's last place, `log_sum` side by side says that nothing of there counts.
  void hide_last_places(Tensor& log_sum) const {
    const Tensor bars = asks_labels_ ? log_sum.unflatten(1, {-1, 2}).select(2, 1) : log_sum;
    bars.index_fill_(0, plan_.last_place, kNothing);
  }

  const SequenceLengths& labelled_lengths() const { return plan_.labelled; }
  const SequenceLengths& query_lengths() const { return plan_.queries; }

 private:
  const SummaryPlan& plan_;
  double scale_;
  bool asks_labels_;
  int64_t first_bar_, first_query_;  // among those that ask
};

Tensor own_score(const Tensor& q, const Tensor& own_k, double scale) {
  return (q * own_k).sum(-1, /*keepdim=*/false, at::kFloat).mul_(scale);
}

struct LabelAttention : torch::autograd::Function<LabelAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& first, const std::optional<Tensor>& maybe_second,
                        const Tensor& q_cosines, const Tensor& q_sines, const Tensor& k_cosines, const Tensor& k_sines,
                        int64_t num_heads, int64_t head_dim, const SummaryPlan* plan, double scale) {
    const Tensor second = maybe_second.value_or(Tensor());
    const Projection projection{first, second, num_heads, head_dim};
    const ProjectionAngles angles{{q_cosines, q_sines}, {k_cosines, k_sines}};
    const auto [q, k] = turned(projection, angles);
    const Tensor v = projection.v();
    const Attention attention(*plan, scale, q.size(0));
    const int64_t repeats = q.size(1) / k.size(1);
    const Tensor label_k = attention.labels(k), label_v = attention.labels(v);
    const FlashResult labelled = flash_attention(attention.side_by_side(q), label_k, label_v,
                                                 attention.labelled_lengths(), /*is_causal=*/true, scale);
    std::vector<Tensor> outs = attention.apart(labelled.out), log_sums = attention.apart(labelled.log_sum);
    FlashResult of_queries;
    if (attention.has_queries()) {
      of_queries = flash_attention(attention.queries(q), label_k, label_v, attention.query_lengths(),
                                   /*is_causal=*/false, scale);
      outs.push_back(of_queries.out);
      log_sums.push_back(of_queries.log_sum);
    }
    Tensor label_sum = at::cat(log_sums, 0);
    attention.hide_nothing(label_sum);
    const Tensor score = own_score(q, attention.own(k, repeats), scale);
    const Tensor log_sum = at::logaddexp(label_sum, score), own_share = at::exp(score - log_sum);
    const Tensor label_share = at::exp(label_sum - log_sum);
    const Tensor out = at::addcmul(at::cat(outs, 0) * label_share.unsqueeze(-1),
                                   attention.own(v, repeats).to(at::kFloat), own_share.unsqueeze(-1))
                           .to(q.scalar_type());
    context->save_for_backward({q, k, first, second, out, log_sum, own_share, labelled.state, labelled.unused,
                                of_queries.state, of_queries.unused, q_cosines, q_sines, k_cosines, k_sines});
    context->saved_data["num_heads"] = num_heads;
    context->saved_data["head_dim"] = head_dim;
    context->saved_data["plan"] = reinterpret_cast<int64_t>(plan);
    context->saved_data["scale"] = scale;
    return out.flatten(1);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& out_gradients) {
    const tensor_list saved = context->get_saved_variables();
    const auto* plan = reinterpret_cast<const SummaryPlan*>(context->saved_data["plan"].toInt());
    const double scale = context->saved_data["scale"].toDouble();
    const Projection projection{saved[2], saved[3], context->saved_data["num_heads"].toInt(),
                                context->saved_data["head_dim"].toInt()};
    const Tensor &q = saved[0], &k = saved[1], v = projection.v(), &out = saved[4], &log_sum = saved[5];
    const Tensor own_share = saved[6].unsqueeze(-1), dout = out_gradients[0].contiguous().view(out.sizes());
    const Attention attention(*plan, scale, q.size(0));
    const int64_t repeats = q.size(1) / k.size(1);

    const Tensor label_k = attention.labels(k), label_v = attention.labels(v);
    FlashResult labelled{.out = attention.side_by_side(out),
                         .log_sum = attention.side_by_side(log_sum),
                         .state = saved[7],
                         .unused = saved[8]};
    attention.hide_last_places(labelled.log_sum);
    FlashGradient of_labels =
        flash_attention_gradient(attention.side_by_side(dout), attention.side_by_side(q), label_k, label_v, labelled,
                                 attention.labelled_lengths(), /*is_causal=*/true, scale);
    std::vector<Tensor> dqs = attention.apart(of_labels.q);
    // Sums of several are f32 where the values are not.
    Tensor dk = of_labels.k.to(at::kFloat), dv = of_labels.v.to(at::kFloat);
    if (attention.has_queries()) {
      const FlashResult of_queries{
          .out = attention.queries(out), .log_sum = attention.queries(log_sum), .state = saved[9], .unused = saved[10]};
      const FlashGradient more =
          flash_attention_gradient(attention.queries(dout), attention.queries(q), label_k, label_v, of_queries,
                                   attention.query_lengths(), /*is_causal=*/false, scale);
      dqs.push_back(more.q);
      dk = dk + more.k;
      dv = dv + more.v;
    }
    const Tensor own_k = attention.own(k, repeats), own_v = attention.own(v, repeats);
    const Tensor dscore = (own_v - out).mul_(dout).sum(-1, /*keepdim=*/true, at::kFloat).mul_(own_share).mul_(scale);
    const Tensor dq = at::cat(dqs, 0) + dscore * own_k;
    const auto joined = [&](const Tensor& of_labels_alone, const Tensor& of_own) {
      return at::cat({of_labels_alone, attention.sum_own(of_own, repeats)}, 0);
    };
    const Projection gradient = projection.like();
    turn_back(dq.to(q.scalar_type()), joined(dk, dscore * q).to(q.scalar_type()),
              {{saved[11], saved[12]}, {saved[13], saved[14]}}, gradient);
    gradient.v().copy_(joined(dv, own_share * dout));
    tensor_list all(10);
    all[0] = gradient.first;
    all[1] = gradient.second;
    return all;
  }
};

}  // namespace

Tensor label_attention(const Projection& projection, const ProjectionAngles& angles, const SummaryPlan& plan,
                       double scale) {
  return LabelAttention::apply(projection.first, projection.maybe_second(), angles.q.cosines, angles.q.sines,
                               angles.k.cosines, angles.k.sines, projection.num_heads, projection.head_dim, &plan,
                               scale);
}

}  // namespace manyshot::train
