// Tasks drawn on the fly, from the prior or from real tables: what `manyshot corpus` would write, without the files.
#pragma once

#include <memory>
#include <vector>

#include "train/data/sample_stream.h"

namespace manyshot::train {

// The sample at a position is the first of kMaxAttempts draws that the corpus' filters keep; draw `attempt` for
// position p is number p * kMaxAttempts + attempt of the corpus.
class LiveStream : public SampleStream {
 public:
  static constexpr uint64_t kMaxAttempts = 1024;

  LiveStream(const StageRecipe& stage, const StreamContext& context);
  TrainSample sample(uint64_t position, StreamScratch& scratch) const override;
  BatchShape largest_sample() const override;
  std::optional<uint64_t> num_samples() const override { return std::nullopt; }
  std::string description() const override;

 private:
  struct Phase {
    uint64_t first_position = 0;
    Sampler sampler;
  };
  void open_tables(const StageRecipe& stage, const StreamContext& context);
  const Phase& phase_at(uint64_t position) const;

  std::shared_ptr<const TableTasks> tables_;  // of data = "tables"
  std::string held_out_;                      // of the tables; for the user
  std::vector<Phase> phases_;
  LossMode mode_;
  const Tokenizer* tokenizer_;
};

}  // namespace manyshot::train
