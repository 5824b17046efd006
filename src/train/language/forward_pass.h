// A packed batch through the layers of a language model, with what the backward pass needs kept in a PassMemory.
//
// Tokens go through a layer in blocks that threads take one by one; a token's numbers depend on the tokens before it in
// its own sequence only, bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/language/rope.h"
#include "train/language/dropout.h"
#include "train/language/packed_batch.h"
#include "train/language/pass_memory.h"
#include "train/language/trained_network.h"

namespace manyshot::train {

template <class T>
class ForwardPass {
 public:
  // All must outlive this.
  ForwardPass(const TrainedNetwork<T>& network, const PackedBatch& batch, const Dropout& dropout, PassMode mode,
              PassMemory<T>& memory);

  // hidden [targets, D]: what the head multiplies at the batch's targets, after the final norm.
  void run(T* hidden);
  // Makes memory.layer(layer) again from memory.input(layer).
  void recompute(size_t layer);

  // Whether the block goes on behind the layer's keys and values: in the last layer only what a target needs does.
  bool is_needed(size_t layer, const Range& block) const {
    return layer + 1 < net_.num_layers || network_.trains_all() || batch_.has_targets(block);
  }

  const PackedBatch& batch() const { return batch_; }
  const Dropout& dropout() const { return dropout_; }
  const std::vector<Range>& blocks() const { return blocks_; }
  const RotationTable& rotations() const { return rotations_; }  // entry i: token i of the batch
  // Where the rows of a token and key head begin in LayerActivations::queries, in heads.
  size_t group_row(size_t kv_head, size_t token) const {
    return (kv_head * batch_.tokens.size() + token) * net_.group_size();
  }

 private:
  struct Scratch;  // of one thread

  template <class Task>
  void for_blocks(const Task& task);  // task(block, scratch)
  void project(size_t layer, const Range& block, Scratch& s);
  void attend(size_t layer, const Range& block, Scratch& s);
  void finish_layer(size_t layer, const Range& block, Scratch& s, bool makes_next_input);
  void leave_out(size_t layer, const Range& block);
  void lora_down(size_t layer, size_t site, const Range& block, const T* x, Scratch& s);
  void multiply(size_t layer, size_t site, const Range& block, const T* x, Range panels, float* y, size_t ldy,
                kernels::Store store);

  const TrainedNetwork<T>& network_;
  const DecoderNetwork<T>& net_;
  const PackedBatch& batch_;
  const Dropout& dropout_;
  PassMemory<T>& memory_;
  RotationTable rotations_;
  std::vector<Range> blocks_;
  std::vector<size_t> first_tiles_;  // of keys, of each sequence
  std::vector<size_t> sequence_of_;  // of each token
  std::vector<std::shared_ptr<Scratch>> scratches_;
};

extern template class ForwardPass<float>;
extern template class ForwardPass<kernels::BFloat16>;

}  // namespace manyshot::train
