#include "train/data/replay_stream.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"

namespace manyshot::train {
namespace {

std::unique_ptr<SampleStream> open_texts(StageRecipe stage, StreamContext context) {
  if (context.tokenizer == nullptr) {
    fail(ErrorKind::kBadInput, "stage \"{}\": replay is text, and a compact model reads tables; leave it out",
         stage.name);
  }
  context.seed = Rng(context.seed).child("replay").bits(0);
  context.split = {};  // what a stage holds out is of its own data
  stage.data = StageData::kText;
  stage.path = stage.replay_path;
  stage.replay = 0;
  return open_stream(stage, context);
}

// Of the first `count` samples.
uint64_t texts_among(uint64_t count, double share) {
  return static_cast<uint64_t>(std::floor(static_cast<double>(count) * share));
}

std::unique_ptr<SampleStream> open_own(StageRecipe stage, StreamContext context) {
  context.num_positions -= texts_among(context.num_positions, stage.replay);
  stage.replay = 0;
  return open_stream(stage, context);
}

}  // namespace

ReplayStream::ReplayStream(const StageRecipe& stage, const StreamContext& context)
    : share_(stage.replay), own_(open_own(stage, context)), texts_(open_texts(stage, context)) {}

TrainSample ReplayStream::sample(uint64_t position, StreamScratch& scratch) const {
  const uint64_t before = texts_among(position, share_);
  if (texts_among(position + 1, share_) > before) return texts_->sample(before, scratch);
  return own_->sample(position - before, scratch);
}

BatchShape ReplayStream::largest_sample() const {
  BatchShape largest = own_->largest_sample();
  largest.sample_tokens = std::max(largest.sample_tokens, texts_->largest_sample().sample_tokens);
  return largest;
}

std::optional<uint64_t> ReplayStream::num_samples() const {
  const std::optional<uint64_t> own = own_->num_samples();
  if (!own) return own;
  return static_cast<uint64_t>(std::ceil(static_cast<double>(*own) / (1 - share_)));
}

std::string ReplayStream::description() const {
  return fmt::format("{}; replayed, {:.3g} % of the samples: {}", own_->description(), 100 * share_,
                     texts_->description());
}

}  // namespace manyshot::train
