#include "train/data/live_stream.h"
#include "train/data/sample_stream.h"
#include "train/data/shard_stream.h"
#include "train/data/text_stream.h"

namespace manyshot {

std::unique_ptr<SampleStream> open_stream(const StageRecipe& stage, const StreamContext& context) {
  if (stage.data == "live") return std::make_unique<LiveStream>(stage, context);
  if (stage.data == "tokens") return std::make_unique<ShardStream>(stage, context);
  return std::make_unique<TextStream>(stage, context);
}

}  // namespace manyshot
