// A stage's samples with ordinary text among them, so that a language model keeps what it knew (replay).
#pragma once

#include <memory>

#include "train/data/sample_stream.h"

namespace manyshot::train {

class ReplayStream : public SampleStream {
 public:
  // Of the first n samples, floor(n * stage.replay) are texts of stage.replay_path, evenly spread: the stage's own keep
  // their order between them, the texts come in seeded order, a new one for each pass. `stage` without its replay is
  // opened as open_stream() does, which throws the same errors. REQUIRES: 0 < stage.replay < 1.
  ReplayStream(const StageRecipe& stage, const StreamContext& context);
  TrainSample sample(uint64_t position, StreamScratch& scratch) const override;
  BatchShape largest_sample() const override;
  std::optional<uint64_t> num_samples() const override;
  std::string description() const override;

 private:
  double share_;
  std::unique_ptr<SampleStream> own_;
  std::unique_ptr<SampleStream> texts_;
};

}  // namespace manyshot::train
