// Token files that `manyshot corpus --layout tokens` wrote.
#pragma once

#include <memory>
#include <vector>

#include "corpus/token_shard.h"
#include "train/data/sample_stream.h"
#include "train/data/shuffled_order.h"

namespace manyshot {

class ShardStream : public SampleStream {
 public:
  // `stage.path` is a token file, a folder of them, or a corpus folder.
  ShardStream(const StageRecipe& stage, const StreamContext& context);
  TrainSample sample(uint64_t position, StreamScratch& scratch) const override;
  std::string description() const override;

 private:
  struct Shard {
    std::string path;
    TokenShard file;
    uint64_t first = 0;  // number of its first sample among all
  };
  void check_fit(const Shard& shard, const StreamContext& context) const;
  const Shard& shard_of(uint64_t number) const;

  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<ShuffledOrder> order_;
  LossMode mode_;
  const Tokenizer* tokenizer_;
  uint64_t vocab_size_, max_tokens_;
  std::string too_long_;
};

}  // namespace manyshot
