// Token files that `manyshot corpus --layout tokens` wrote.
#pragma once

#include <memory>
#include <vector>

#include "corpus/token_shard.h"
#include "train/data/length_limit.h"
#include "train/data/sample_stream.h"
#include "train/data/shuffled_order.h"

namespace manyshot::train {

class ShardStream : public SampleStream {
 public:
  // `stage.path` is a token file, a folder of them, or a corpus folder.
  ShardStream(const StageRecipe& stage, const StreamContext& context);
  TrainSample sample(uint64_t position, StreamScratch& scratch) const override;
  BatchShape largest_sample() const override;
  std::optional<uint64_t> num_samples() const override { return order_->size(); }
  std::string description() const override;

 private:
  struct Shard {
    Shard(const std::string& shard_path, uint64_t first_sample)
        : path(shard_path), file(shard_path), first(first_sample) {}
    std::string path;
    TokenShard file;
    uint64_t first = 0;  // number of its first sample among all
  };
  void check_fit(const Shard& shard, const StreamContext& context) const;
  void check_tokens(const Shard& shard, const TokenSample& sample) const;
  const Shard& shard_of(uint64_t number) const;

  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<ShuffledOrder> order_;
  LossMode mode_;
  const Tokenizer* tokenizer_;
  LengthLimit limit_;
  DataSplit split_;
  uint64_t num_in_files_ = 0;
  uint64_t vocab_size_;
};

}  // namespace manyshot::train
