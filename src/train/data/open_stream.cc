#include "train/data/live_stream.h"
#include "train/data/replay_stream.h"
#include "train/data/sample_stream.h"
#include "train/data/shard_stream.h"
#include "train/data/text_stream.h"

namespace manyshot::train {

std::unique_ptr<SampleStream> open_stream(const StageRecipe& stage, const StreamContext& context) {
  // What is held out is of the stage's own data.
  if (stage.replay > 0 && context.split.part == DataPart::kTraining)
    return std::make_unique<ReplayStream>(stage, context);
  switch (stage.data) {
    case StageData::kLive:
    case StageData::kTables:
      return std::make_unique<LiveStream>(stage, context);
    case StageData::kTokens:
      return std::make_unique<ShardStream>(stage, context);
    case StageData::kAlpaca:
    case StageData::kMessages:
    case StageData::kText:
      break;
  }
  return std::make_unique<TextStream>(stage, context);
}

}  // namespace manyshot::train
