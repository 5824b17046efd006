// Texts in JSON lines, or plain, tokenised as they are needed.
#pragma once

#include <memory>
#include <vector>

#include "train/data/length_limit.h"
#include "train/data/sample_stream.h"
#include "train/data/shuffled_order.h"
#include "train/data/text_records.h"

namespace manyshot::train {

class TextStream : public SampleStream {
 public:
  // `stage.path` is a file, or a folder of .jsonl and .json files (or a corpus folder); `stage.data` says what a line
  // holds. For kText also a .txt or .md file, or a folder of them and of folders of them.
  TextStream(const StageRecipe& stage, const StreamContext& context);
  TrainSample sample(uint64_t position, StreamScratch& scratch) const override;
  BatchShape largest_sample() const override;
  std::optional<uint64_t> num_samples() const override { return order_->size(); }
  std::string description() const override;

 private:
  TrainSample encode(const Json& record, const std::string& place) const;

  StageData kind_;
  const Tokenizer& tokenizer_;
  ChatWrapping wrapping_;
  LossMode mode_;
  LengthLimit limit_;
  DataSplit split_;
  std::vector<std::unique_ptr<TextRecords>> files_;
  std::vector<uint64_t> first_;  // number of each file's first record among all
  uint64_t num_records_ = 0;
  std::unique_ptr<ShuffledOrder> order_;
};

}  // namespace manyshot::train
