// One task through the network, forward and backward, in one thread.
//
// Rows go through the row layers in blocks that stay in cache, and leave their activations on tapes; then bars and
// labels of the whole task go through the in-context layers. The backward pass takes the same way back.
#pragma once

#include <vector>

#include "kernels/context_attention.h"
#include "train/compact/embedding.h"
#include "train/compact/label_head.h"
#include "train/compact/layer_steps.h"
#include "train/compact/packed_layer.h"
#include "train/train_sample.h"

namespace manyshot::train {

// The weights as a pass reads them.
template <class T>
struct CompactWeightsView {
  const NetworkShape* shape;
  const std::vector<TrainedLayer<T>>* layers;
  const LabelHead *label_head, *number_head;
  const float* final_norm;
  EmbeddingTable embedding;
};

// Where a pass adds its gradients.
struct CompactGradientView {
  std::vector<LayerGradient> layers;
  EmbeddingGradient embedding;
  float* final_norm;
  float scale;
};

// What the tapes must hold.
struct TaskSize {
  size_t row_tokens = 0;    // tokens in the row layers
  size_t summaries = 0;     // tokens in the in-context layers
  size_t labelled = 0;      // labelled rows
  size_t bars = 0;          // rows
  size_t block_tokens = 0;  // of the largest block

  static TaskSize of(const TrainSample& sample) {
    return of(sample.num_labelled, sample.num_queries, sample.num_features);
  }
  static TaskSize of(size_t num_labelled, size_t num_queries, size_t num_features);
  void grow(const TaskSize& other);  // to the larger of each
  bool covers(const TaskSize& other) const {
    return row_tokens >= other.row_tokens && summaries >= other.summaries && labelled >= other.labelled &&
           bars >= other.bars && block_tokens >= other.block_tokens;
  }
};

// Matrix products and attentions of one task's forward pass, counting each only where the masks call for it.
double forward_flops(const NetworkShape& shape, const TrainSample& sample);

template <class T>
class TaskPass {
 public:
  TaskPass(const NetworkShape& shape, const TaskSize& size);
  static size_t bytes(const NetworkShape& shape, const TaskSize& size);
  const TaskSize& size() const { return size_; }

  // Loss of the sample, and with `gradient` its gradients. REQUIRES: the sample is valid and fits size().
  LossSum run(const CompactWeightsView<T>& weights, const TrainSample& sample, const BarLabels& bars,
              CompactGradientView* gradient);
  // Behind run(): logits [bars, padded answers].
  const float* logits() const { return loss_.logits(); }

 private:
  struct Rows;   // labelled rows, or queries, and where their tokens begin
  struct Block;  // some of them
  struct Chunk;  // some summaries
  std::vector<Chunk> chunks() const;
  std::vector<Block> blocks() const;

  void forward();
  void row_layers(const Block& block);
  void context_layers();
  void gather_bars();

  void backward(CompactGradientView& gradient);
  void scatter_bars();
  void context_layers_backward(CompactGradientView& gradient);
  void row_layers_backward(const Block& block, CompactGradientView& gradient);

  const TrainedLayer<T>& layer(size_t number) const { return (*weights_->layers)[number]; }
  const TrainedLayer<T>& last_row_layer() const { return layer(shape_.row_layers - 1); }
  kernels::AttentionInput attention_input(const float* qkv) const;
  kernels::AttentionGradient attention_gradient(float* dqkv) const;

  const NetworkShape& shape_;
  TaskSize size_;
  // The task at hand.
  const CompactWeightsView<T>* weights_ = nullptr;
  const TrainSample* sample_ = nullptr;
  kernels::SummaryTokens summaries_;

  BlockMemory<T> memory_;
  LayerSteps<T> steps_;
  std::vector<LayerTape<T>> row_tapes_;  // of the row layers but the last
  kernels::AlignedBuffer<float> last_x_, last_kv_,
      last_q_;              // of the last one: [row tokens, D], [row tokens, 2 key_width], …
  LayerTape<T> last_tape_;  // … [summaries]: its end
  std::vector<LayerTape<T>> context_tapes_;
  std::vector<kernels::AlignedBuffer<float>> log_sums_;  // of each in-context attention
  LayerTape<T> bar_tape_;                                // the end of the last in-context layer, at the bars alone
  kernels::AlignedBuffer<float> bars_;                   // [bars, D], behind the last layer
  kernels::ContextAttention<T> attention_;
  LabelLoss loss_;
  kernels::AlignedBuffer<float> dbars_, dbars_attended_;                        // [bars, …]
  kernels::AlignedBuffer<float> dsummaries_, dattended_, dqkv_;                 // [summaries, …]
  kernels::AlignedBuffer<float> dx_, block_dattended_, block_dqkv_, block_dq_;  // [block tokens, …]
  kernels::AlignedBuffer<float> row_scratch_;
};

extern template class TaskPass<float>;
extern template class TaskPass<kernels::BFloat16>;

}  // namespace manyshot::train
