#include "train/compact/label_head.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/elementwise.h"
#include "kernels/elementwise_backward.h"
#include "kernels/outer_gemm.h"
#include "train/compact/number_features.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::outer_gemm;
using kernels::pack_columns;
using kernels::pack_rows;
using kernels::packed_columns_size;
using kernels::packed_rows_size;
using kernels::rms_norm;
using kernels::rms_norm_backward;
using kernels::round_up;
using kernels::Store;

namespace {

// The softmax over the allowed answers of one bar: adds to `sum`, and writes scale * d(loss) / d(logit) when asked.
void softmax_loss(const float* logits, const BarLabels& bars, size_t bar, float scale, LossSum& sum, float* dlogits) {
  const std::vector<uint8_t>& allowed = bars.allowed;
  const size_t label = bars.label[bar];
  double highest = -std::numeric_limits<double>::infinity();
  size_t likeliest = label;
  for (size_t k = 0; k < allowed.size(); ++k) {
    if (allowed[k] && logits[k] > highest) highest = logits[k], likeliest = k;
  }
  double total = 0;
  for (size_t k = 0; k < allowed.size(); ++k) {
    if (allowed[k]) total += std::exp(logits[k] - highest);
  }
  count_answer(bars.are_numbers, allowed.size(), label, highest + std::log(total) - logits[label], likeliest, sum);
  if (dlogits == nullptr) return;
  for (size_t k = 0; k < allowed.size(); ++k) {
    const double probability = allowed[k] ? std::exp(logits[k] - highest) / total : 0;
    dlogits[k] = static_cast<float>(scale * (probability - (k == label ? 1 : 0)));
  }
}

}  // namespace

void count_answer(bool is_number, size_t num_answers, size_t answer, double surprise, size_t likeliest, LossSum& sum) {
  sum.loss += surprise;
  sum.weight += 1;
  if (is_number) {
    const double deviation = codes_per_deviation(num_answers);
    sum.loss -= std::log(deviation);
    sum.correct += std::abs(static_cast<double>(likeliest) - static_cast<double>(answer)) <= deviation / 4;
  } else {
    sum.correct += likeliest == answer;
  }
}

LabelHead::LabelHead(size_t num_answers, size_t D)
    : num_answers_(num_answers),
      D_(D),
      columns_(packed_columns_size(num_answers_, D_)),
      rows_(packed_rows_size(round_up(num_answers_, kPanelWidth), D_)) {}

void LabelHead::renew(const float* answers) {
  const size_t padded = round_up(num_answers_, kPanelWidth);
  std::vector<float> rows(padded * D_);
  std::copy_n(answers, num_answers_ * D_, rows.begin());
  forward_ = pack_columns({rows.data(), D_}, num_answers_, D_, columns_.data());
  backward_ = pack_rows({rows.data(), D_}, padded, D_, rows_.data());
}

LabelLoss::LabelLoss(const NetworkShape& shape, size_t max_bars) {
  const size_t D = shape.D, padded = round_up(shape.most_answers(), kPanelWidth), even = round_up(max_bars, 2);
  normed_ = AlignedBuffer<float>(max_bars * D);
  dnormed_ = AlignedBuffer<float>(max_bars * D);
  logits_ = AlignedBuffer<float>(max_bars * padded);
  dlogits_ = AlignedBuffer<float>(max_bars * padded);
  logit_panels_ = AlignedBuffer<float>(even * padded);
  input_panels_ = AlignedBuffer<float>(even * D);
}

size_t LabelLoss::bytes(const NetworkShape& shape, size_t max_bars) {
  return max_bars * 3 * (shape.D + round_up(shape.most_answers(), kPanelWidth)) * sizeof(float);
}

LossSum LabelLoss::run(const NetworkShape& shape, const LabelHead& head, const float* final_norm, const float* x,
                       const BarLabels& bars, const HeadGradient* gradient, float* dx) {
  const size_t D = shape.D, M = bars.label.size(), padded = head.padded_answers();
  rms_norm({final_norm, D, shape.epsilon}, {x, D}, M, {normed_.data(), D});
  gemm({normed_.data(), D}, M, head.forward(), {logits_.data(), padded}, Store::kOverwrite);
  LossSum sum;
  if (gradient != nullptr) std::fill_n(dlogits_.data(), M * padded, 0.0f);
  for (size_t bar = 0; bar < M; ++bar) {
    if (!bars.supervised[bar]) continue;
    softmax_loss(logits_.data() + bar * padded, bars, bar, gradient ? gradient->scale : 0, sum,
                 gradient ? dlogits_.data() + bar * padded : nullptr);
  }
  if (gradient == nullptr) return sum;
  outer_gemm(pack_rows({dlogits_.data(), padded}, M, padded, logit_panels_.data()), head.num_answers(),
             pack_rows({normed_.data(), D}, M, D, input_panels_.data()), {gradient->answers, D}, Store::kAdd);
  gemm({dlogits_.data(), padded}, M, head.backward(), {dnormed_.data(), D}, Store::kOverwrite);
  std::fill_n(dx, M * D, 0.0f);
  rms_norm_backward({final_norm, D, shape.epsilon}, {x, D}, {dnormed_.data(), D}, M, {dx, D}, gradient->final_norm);
  return sum;
}

}  // namespace manyshot::train
