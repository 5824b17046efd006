#include "train/device/label_attention.h"

#include <ATen/ATen.h>

#include <vector>

#include "train/device/projected_attention.h"

namespace manyshot::train {
namespace {

using at::Tensor;
using torch::autograd::tensor_list;

// A log-sum so large that exp(score - it) is 0: the weights of what shall not count.
constexpr double kNothing = 1e30;

// Labels and bars of one task look back over the same labels, so that they ask together: as two heads instead of one,
// bars at the places of SummaryPlan::shifted. Queries ask by themselves.
class Attention {
 public:
  // `num_asking`: summaries that ask.
  Attention(const SummaryPlan& plan, int64_t num_asking)
      : plan_(plan),
        asks_labels_(num_asking > plan.num_labelled + plan.num_queries),
        first_bar_(asks_labels_ ? plan.num_labelled : 0),
        first_query_(first_bar_ + plan.num_labelled) {}

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

 private:
  const SummaryPlan& plan_;
  bool asks_labels_;
  int64_t first_bar_, first_query_;  // among those that ask
};

struct LabelAttention {
  using Plan = SummaryPlan;
  using Input = AttentionInput<Plan>;

  static Tensor forward(const Input& input, tensor_list& kept) {
    const auto [q, k] = turned(input.projection, input.angles);
    const Tensor v = input.projection.v();
    const Attention attention(input.plan, q.size(0));
    const int64_t repeats = q.size(1) / k.size(1);
    const Tensor label_k = attention.labels(k), label_v = attention.labels(v);
    const FlashResult labelled = flash_attention(attention.side_by_side(q), label_k, label_v, input.plan.labelled,
                                                 /*is_causal=*/true, input.scale);
    std::vector<Tensor> outs = attention.apart(labelled.out), log_sums = attention.apart(labelled.log_sum);
    FlashResult of_queries;
    if (attention.has_queries()) {
      of_queries =
          flash_attention(attention.queries(q), label_k, label_v, input.plan.queries, /*is_causal=*/false, input.scale);
      outs.push_back(of_queries.out);
      log_sums.push_back(of_queries.log_sum);
    }
    Tensor label_sum = at::cat(log_sums, 0);
    attention.hide_nothing(label_sum);
    const Tensor score = (q * attention.own(k, repeats)).sum(-1, /*keepdim=*/false, at::kFloat).mul_(input.scale);
    const Tensor log_sum = at::logaddexp(label_sum, score), own_share = at::exp(score - log_sum);
    const Tensor label_share = at::exp(label_sum - log_sum);
    const Tensor out = at::addcmul(at::cat(outs, 0) * label_share.unsqueeze(-1),
                                   attention.own(v, repeats).to(at::kFloat), own_share.unsqueeze(-1))
                           .to(q.scalar_type());
    kept = {q, k, out, log_sum, own_share, labelled.state, labelled.unused, of_queries.state, of_queries.unused};
    return out;
  }

  static void backward(const Input& input, const tensor_list& kept, const Tensor& dout, const Projection& gradient) {
    const Tensor &q = kept[0], &k = kept[1], v = input.projection.v(), &out = kept[2], &log_sum = kept[3];
    const Tensor own_share = kept[4].unsqueeze(-1);
    const Attention attention(input.plan, q.size(0));
    const int64_t repeats = q.size(1) / k.size(1);

    const Tensor label_k = attention.labels(k), label_v = attention.labels(v);
    FlashResult labelled{.out = attention.side_by_side(out),
                         .log_sum = attention.side_by_side(log_sum),
                         .state = kept[5],
                         .unused = kept[6]};
    attention.hide_last_places(labelled.log_sum);
    const FlashGradient of_labels =
        flash_attention_gradient(attention.side_by_side(dout), attention.side_by_side(q), label_k, label_v, labelled,
                                 input.plan.labelled, /*is_causal=*/true, input.scale);
    std::vector<Tensor> dqs = attention.apart(of_labels.q);
    // Sums of several are f32 where the values are not.
    Tensor dk = of_labels.k.to(at::kFloat), dv = of_labels.v.to(at::kFloat);
    if (attention.has_queries()) {
      const FlashResult of_queries{
          .out = attention.queries(out), .log_sum = attention.queries(log_sum), .state = kept[7], .unused = kept[8]};
      const FlashGradient more =
          flash_attention_gradient(attention.queries(dout), attention.queries(q), label_k, label_v, of_queries,
                                   input.plan.queries, /*is_causal=*/false, input.scale);
      dqs.push_back(more.q);
      dk = dk + more.k;
      dv = dv + more.v;
    }
    const Tensor own_k = attention.own(k, repeats), own_v = attention.own(v, repeats);
    const Tensor dscore =
        (own_v - out).mul_(dout).sum(-1, /*keepdim=*/true, at::kFloat).mul_(own_share).mul_(input.scale);
    const Tensor dq = at::cat(dqs, 0) + dscore * own_k;
    const auto joined = [&](const Tensor& of_labels_alone, const Tensor& of_own) {
      return at::cat({of_labels_alone, attention.sum_own(of_own, repeats)}, 0);
    };
    turn_back(dq.to(q.scalar_type()), joined(dk, dscore * q).to(q.scalar_type()), input.angles, gradient);
    gradient.v().copy_(joined(dv, own_share * dout));
  }
};

}  // namespace

Tensor label_attention(const Projection& projection, const ProjectionAngles& angles, const SummaryPlan& plan,
                       double scale) {
  return ProjectedAttention<LabelAttention>::attend(projection, angles, plan, scale);
}

}  // namespace manyshot::train
