// One pass of token sequences through the layers of a decoder.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "model/language/attention_scratch.h"
#include "model/language/decoder_network.h"
#include "model/language/kv_segment.h"

namespace manyshot {

// Consecutive tokens of one text. `segment` takes their keys and values and leads to those before; the tokens stand at
// positions first_position, first_position + 1, … of the text, all within the segment.
template <class T>
struct PassSequence {
  KvSegment<T>* segment = nullptr;
  std::span<const TokenId> tokens;
  size_t first_position = 0;
};

// All sequences go through together: in blocks of tokens that threads take one by one, or, where these are fewer than
// the threads, as one block whose products' columns the threads share. A token's result depends on the
// tokens before it in its own text only, bit for bit: on no other sequence, block or thread. The residual stream,
// norms, softmax and all sums are f32; matrix products take T.
template <class T>
class DecoderPass {
 public:
  DecoderPass(const DecoderNetwork<T>& net, std::span<const PassSequence<T>> sequences);

  // Tokens are numbered in the order of the sequences. hidden [wanted.size(), D]: what the vocabulary's head multiplies
  // at the wanted tokens (after the final norm). REQUIRES: wanted increases. To be called once.
  void run(std::span<const size_t> wanted, T* hidden);

 private:
  struct Token {
    TokenId id;
    size_t position;
    KvSegment<T>* segment;
  };
  // Consecutive tokens of a block that see the same tile.
  struct TileRun {
    const KvSegment<T>* owner;
    size_t tile;
    size_t first, last;
  };
  struct Block {
    size_t first, last;
    std::vector<TileRun> runs;  // by increasing tile
  };
  struct Workspace;

  using Workspaces = std::vector<std::unique_ptr<Workspace>>;  // one a thread

  std::vector<TileRun> tile_runs(size_t first, size_t last) const;
  void run_blocks(std::span<const size_t> wanted, T* hidden);
  void run_shared(std::span<const size_t> wanted, T* hidden);
  void embed(const Block& block);
  void project(size_t layer, const Block& block, Workspace& work);
  void project_shared(size_t layer, const Block& block, Workspace& work);
  void keep_projected(size_t layer, const Block& block, const float* qkv);
  void attend(size_t layer, const Block& block, size_t kv_head, AttentionScratch& scratch, T* attended);
  void finish(const DecoderLayer<T>& layer, const Block& block, Workspace& work);
  void finish_shared(const DecoderLayer<T>& layer, const Block& block, Workspaces& workspaces);
  void take_wanted(std::span<const size_t> wanted, const Block& block, T* hidden);
  float* x(size_t token) { return x_.data() + token * net_.D; }

  const DecoderNetwork<T>& net_;
  std::vector<Token> tokens_;
  std::vector<Block> blocks_;
  RotationTable rotations_;
  kernels::AlignedBuffer<float> x_;    // [tokens, D], the residual stream
  kernels::AlignedBuffer<T> queries_;  // per block [num_kv_heads, tokens, heads of the group, head_dim]
};

extern template class DecoderPass<float>;
extern template class DecoderPass<kernels::BFloat16>;

}  // namespace manyshot
