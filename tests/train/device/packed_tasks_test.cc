// Tasks of several sizes as tensors of one width.
#include "train/device/packed_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/compact/random_tasks.h"

namespace manyshot::train {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PackedTasks, RowsAndSummariesFindEachOther) {
  const CompactNetworkOptions options = small_network(DType::kFloat32);
  const NetworkShape shape(options.config);
  const TrainSample narrow = random_task({.num_labelled = 2, .num_queries = 1, .num_features = 1}, 1),
                    wide = random_task({.num_labelled = 3, .num_queries = 2, .num_features = 2}, 2);
  const TrainSample* tasks[] = {&narrow, &wide};
  const PackedTasks packed = pack_tasks(shape, options, tasks);
  EXPECT_EQ(packed.slots, 4);
  EXPECT_EQ(packed.num_labelled, 5);
  EXPECT_EQ(packed.num_queries, 3);
  const int32_t bar = 1010, nothing = 1011 + 64;  // places in the table are the ids of this vocabulary
  // Labelled rows of both tasks, then the queries of both.
  const auto row = [&](size_t number) {
    return std::vector<int32_t>(packed.first.begin() + static_cast<ptrdiff_t>(4 * number),
                                packed.first.begin() + static_cast<ptrdiff_t>(4 * number + 4));
  };
  EXPECT_THAT(row(0), ElementsAre(narrow.tokens[0], bar, narrow.tokens[2], nothing));
  EXPECT_THAT(row(2), ElementsAre(wide.tokens[0], wide.tokens[1], bar, wide.tokens[3]));
  EXPECT_THAT(row(5), ElementsAre(narrow.tokens[6], bar, nothing, nothing)) << "a query's label is not read";
  EXPECT_THAT(std::vector<int32_t>(packed.column.begin(), packed.column.begin() + 4),
              ElementsAre(1011, nothing, nothing, nothing));
  EXPECT_THAT(packed.second, Each(nothing));
  // Labels, their bars, the queries' bars.
  EXPECT_THAT(packed.slot, ElementsAre(2, 6, 11, 15, 19, 1, 5, 10, 14, 18, 21, 26, 30));
  EXPECT_THAT(packed.place, ElementsAre(2, 2, 3, 3, 3, 1, 1, 2, 2, 2, 1, 2, 2));
  // Bar i looks back from where label i - 1 stands.
  EXPECT_THAT(packed.unshifted, ElementsAre(1, 0, 4, 2, 3));
  EXPECT_THAT(packed.shifted, ElementsAre(1, 0, 3, 4, 2));
  EXPECT_THAT(packed.first_row(), ElementsAre(0, 2));
  EXPECT_THAT(packed.labelled_end, ElementsAre(0, 2, 5));
  EXPECT_THAT(packed.query_end, ElementsAre(0, 1, 3));
}

TEST(PackedTasks, GroupsAreOfSimilarWidth) {
  std::vector<TrainSample> batch;
  for (const uint32_t features : {3u, 20u, 4u, 19u, 3u}) {
    batch.push_back(random_task({.num_labelled = 10, .num_queries = 5, .num_features = features}, features));
  }
  const ModelConfig config = small_network(DType::kFloat32).config;
  EXPECT_THAT(group_tasks(config, batch, 1 << 20), ElementsAre(ElementsAre(1, 3), ElementsAre(2, 0, 4)));
  EXPECT_THAT(group_tasks(config, batch, 1),
              ElementsAre(ElementsAre(1), ElementsAre(3), ElementsAre(2), ElementsAre(0), ElementsAre(4)))
      << "one task a pack at least";
}

TEST(PackedTasks, NumbersAndLabelsGoApart) {
  std::vector<TrainSample> batch;
  for (const bool predicts_number : {false, true, false, true}) {
    batch.push_back(random_task({.version = 2, .predicts_number = predicts_number}, batch.size()));
  }
  const CompactNetworkOptions options = small_network(DType::kFloat32, /*version=*/2);
  EXPECT_THAT(group_tasks(options.config, batch, 1 << 20), ElementsAre(ElementsAre(1, 3), ElementsAre(0, 2)));
  const TrainSample* tasks[] = {&batch[1], &batch[3]};
  const PackedTasks packed = pack_tasks(NetworkShape(options.config), options, tasks);
  EXPECT_TRUE(packed.are_numbers);
  EXPECT_THAT(packed.is_allowed, IsEmpty());
}

}  // namespace
}  // namespace manyshot::train
