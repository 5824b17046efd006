// -ln p(target) over the vocabulary and its gradients. Logits exist for kRowsAtOnce positions at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/cross_entropy.h"
#include "kernels/gemm.h"
#include "train/language/packed_batch.h"

namespace manyshot::train {

template <class T>
class VocabularyLoss {
 public:
  // Positions whose logits stand in memory together.
  static constexpr size_t kRowsAtOnce = 128;

  VocabularyLoss(size_t vocab_size, size_t D);

  struct Row {
    double loss = 0;          // nats
    bool is_correct = false;  // no token is likelier
  };
  struct Gradients {
    float scale = 0;          // of the loss
    float* hidden = nullptr;  // [targets, D], overwritten
    float* head = nullptr;    // [vocab_size, D], added to; may be null
  };
  // head [vocab_size, D], and the same transposed; hidden [targets.size(), D], of which row i predicts
  // targets[i].token. Rows are independent of each other, bit for bit.
  void run(const kernels::PackedMatrix<T>& head, const kernels::PackedMatrix<T>& head_transposed, const T* hidden,
           std::span<const PackedBatch::Target> targets, Row* rows, const Gradients* gradients);

  static uint64_t bytes(size_t vocab_size, size_t D);

 private:
  void compute_logits(const kernels::Panels<T>& head, const T* hidden, size_t num_rows);
  void find_losses(std::span<const PackedBatch::Target> targets, Row* rows);
  void differentiate(const kernels::Panels<T>& head_transposed, const T* hidden,
                     std::span<const PackedBatch::Target> targets, const Gradients& gradients);

  size_t vocab_size_, D_, num_tiles_, stride_;
  kernels::AlignedBuffer<float> logits_;          // [rows, stride]
  kernels::AlignedBuffer<float> largest_, sums_;  // [rows, tiles], as exp_sum()
  kernels::AlignedBuffer<float> hidden_parts_;    // [groups, rows, D]
  std::vector<kernels::Normaliser> normalisers_;  // [rows]
};

extern template class VocabularyLoss<float>;
extern template class VocabularyLoss<kernels::BFloat16>;

}  // namespace manyshot::train
