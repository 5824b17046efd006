// Gradients of a packed batch's loss, layer by layer from the last, from what the forward pass kept.
//
// Gradients of weights are added up per chunk of token blocks, and chunks in order, so they do not depend on the number
// of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "train/language/forward_pass.h"

namespace manyshot::train {

template <class T>
class BackwardPass {
 public:
  // REQUIRES: forward.run() was called; mode is not kLoss. All must outlive this.
  BackwardPass(TrainedNetwork<T>& network, ForwardPass<T>& forward, PassMode mode, PassMemory<T>& memory);

  // Adds to the gradients of the network's parameters, but for what the head adds. hidden_gradients [targets, D].
  void run(const float* hidden_gradients);

 private:
  struct Scratch;  // of one thread
  // Keys [first_key, last_key) of a sequence.
  struct AttentionTask {
    size_t sequence, kv_head, first_key, last_key, part;
  };

  template <class Task>
  void for_chunks(const Task& task);  // task(block, scratch, sums of the block's chunk)
  Scratch& scratch(int worker);
  void differentiate_final_norm(const float* hidden_gradients);
  void differentiate_mlp(size_t layer, const Range& block, Scratch& s, float* sums);
  void differentiate_attention_out(size_t layer, const Range& block, Scratch& s, float* sums);
  void leave_out(const Range& block);
  void differentiate_attention(size_t layer);
  void differentiate_projection(size_t layer, const Range& block, Scratch& s, float* sums);
  void gather_qkv_gradients(const Range& block, float* qkv) const;
  void sum_bias_gradients(const Range& block, const float* qkv, float* sums) const;

  void finish_site(size_t layer, size_t site);
  void add_vector_sums(size_t parameter, size_t sums_offset);
  void add_embedding_gradients();

  TrainedNetwork<T>& network_;
  const DecoderNetwork<T>& net_;
  ForwardPass<T>& forward_;
  const PackedBatch& batch_;
  PassMode mode_;
  PassMemory<T>& memory_;
  RotationTable rotations_back_;
  std::vector<Range> chunks_;
  std::vector<size_t> part_keys_;  // of each sequence: keys of a part
  std::vector<AttentionTask> attention_tasks_;
  std::vector<std::shared_ptr<Scratch>> scratches_;
};

extern template class BackwardPass<float>;
extern template class BackwardPass<kernels::BFloat16>;

}  // namespace manyshot::train
