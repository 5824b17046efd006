// The end of the network: final norm at the bars, products with the answers' embeddings, softmax and its loss.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/gemm.h"
#include "train/compact/network_shape.h"
#include "train/trainable.h"

namespace manyshot::train {

// The bars of one task.
struct BarLabels {
  bool are_numbers = false;         // codes of a number; else labels
  std::vector<uint16_t> label;      // [bars] 0 .. answers - 1
  std::vector<uint8_t> supervised;  // [bars] 0 or 1
  std::vector<uint8_t> allowed;     // [answers] whether one takes part in the softmax
};

// One answer among `num_answers`, of which this one has that negative log-probability and that one the smallest. The
// loss of a number is that of its density, in units of the labelled rows' standard deviation; it is right where the
// likeliest code is within a quarter of one.
void count_answer(bool is_number, size_t num_answers, size_t answer, double surprise, size_t likeliest, LossSum& sum);

// Embeddings of the answers, labels or codes of a number, packed for both directions, in f32.
class LabelHead {
 public:
  LabelHead(size_t num_answers, size_t D);
  void renew(const float* answers);  // [num_answers, D]

  const kernels::Panels<float>& forward() const { return forward_; }
  const kernels::Panels<float>& backward() const { return backward_; }
  size_t num_answers() const { return num_answers_; }
  size_t padded_answers() const { return forward_.num_panels * kernels::kPanelWidth; }

 private:
  size_t num_answers_, D_;
  kernels::AlignedBuffer<float> columns_, rows_;
  kernels::Panels<float> forward_, backward_;
};

struct HeadGradient {
  float* final_norm;  // [D], added to
  float* answers;     // [num_answers, D], added to
  float scale;
};

// Scratch memory for tasks of up to max_bars bars; for one thread.
class LabelLoss {
 public:
  LabelLoss() = default;
  LabelLoss(const NetworkShape& shape, size_t max_bars);
  static size_t bytes(const NetworkShape& shape, size_t max_bars);

  // Bars x [M, D] through norm and softmax. With `gradient`, dx [M, D] is overwritten by scale times the gradient of
  // the summed loss.
  LossSum run(const NetworkShape& shape, const LabelHead& head, const float* final_norm, const float* x,
              const BarLabels& bars, const HeadGradient* gradient, float* dx);
  // [M, padded_answers()] of the last run.
  const float* logits() const { return logits_.data(); }

 private:
  kernels::AlignedBuffer<float> normed_, logits_, dlogits_, dnormed_, logit_panels_, input_panels_;
};

}  // namespace manyshot::train
