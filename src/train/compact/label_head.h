// The end of the network: final norm at the bars, products with the label embeddings, softmax and its loss.
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
  std::vector<uint8_t> label;       // [bars] 0 .. num_labels - 1
  std::vector<uint8_t> supervised;  // [bars] 0 or 1
  std::vector<uint8_t> allowed;     // [num_labels] whether a label takes part in the softmax
};

// Label embeddings packed for both directions, in f32.
class LabelHead {
 public:
  explicit LabelHead(const NetworkShape& shape);
  void renew(const float* labels);  // [num_labels, D]

  const kernels::Panels<float>& forward() const { return forward_; }
  const kernels::Panels<float>& backward() const { return backward_; }
  size_t padded_labels() const { return forward_.num_panels * kernels::kPanelWidth; }

 private:
  size_t num_labels_, D_;
  kernels::AlignedBuffer<float> columns_, rows_;
  kernels::Panels<float> forward_, backward_;
};

struct HeadGradient {
  float* final_norm;  // [D], added to
  float* labels;      // [num_labels, D], added to
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
  // [M, padded_labels()] of the last run.
  const float* logits() const { return logits_.data(); }

 private:
  kernels::AlignedBuffer<float> normed_, logits_, dlogits_, dnormed_, logit_panels_, input_panels_;
};

}  // namespace manyshot::train
