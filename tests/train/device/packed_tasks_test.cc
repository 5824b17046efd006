// Tasks of several sizes as flat tensors.
#include "train/device/packed_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/compact/random_tasks.h"

namespace manyshot::train {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(PackedTasks, RowsAndSummariesFindEachOther) {
  const CompactNetworkOptions options = small_network(DType::kFloat32);
  const NetworkShape shape(options.config);
  const TrainSample narrow = random_task({.num_labelled = 2, .num_queries = 1, .num_features = 1}, 1),
                    wide = random_task({.num_labelled = 3, .num_queries = 2, .num_features = 2}, 2);
  const TrainSample* tasks[] = {&narrow, &wide};
  const PackedTasks packed = pack_tasks(shape, options, tasks);
  EXPECT_EQ(packed.num_labelled, 5);
  EXPECT_EQ(packed.num_queries, 3);
  EXPECT_EQ(packed.most_tokens, 4);
  const int32_t bar = 1010, nothing = 1011 + 64;  // places in the table are the ids of this vocabulary
  // Labelled rows of both tasks, then the queries of both, whose labels are not read.
  EXPECT_THAT(packed.row_end, ElementsAre(0, 3, 6, 10, 14, 18, 20, 23, 26));
  const auto row = [&](size_t number) {
    return std::vector<int32_t>(packed.first.begin() + packed.row_end[number],
                                packed.first.begin() + packed.row_end[number + 1]);
  };
  EXPECT_THAT(row(0), ElementsAre(narrow.tokens[0], bar, narrow.tokens[2]));
  EXPECT_THAT(row(2), ElementsAre(wide.tokens[0], wide.tokens[1], bar, wide.tokens[3]));
  EXPECT_THAT(row(5), ElementsAre(narrow.tokens[6], bar));
  EXPECT_THAT(std::vector<int32_t>(packed.column.begin(), packed.column.begin() + 3),
              ElementsAre(1011, nothing, nothing));
  EXPECT_THAT(packed.second, Each(nothing));
  EXPECT_THAT(std::vector<int32_t>(packed.place.begin() + 3, packed.place.begin() + 10),
              ElementsAre(0, 1, 2, 0, 1, 2, 3));
  // Bar and label of each labelled row, bars of queries.
  EXPECT_THAT(packed.asking, ElementsAre(1, 2, 4, 5, 8, 9, 12, 13, 16, 17, 19, 22, 25));
  EXPECT_THAT(packed.asking_end, ElementsAre(0, 2, 4, 6, 8, 10, 11, 12, 13));
  // Labels, their bars, the queries' bars.
  EXPECT_THAT(packed.summary, ElementsAre(1, 3, 5, 7, 9, 0, 2, 4, 6, 8, 10, 11, 12));
  EXPECT_THAT(packed.summary_place, ElementsAre(2, 2, 3, 3, 3, 1, 1, 2, 2, 2, 1, 2, 2));
  // Bar i looks back from where label i - 1 stands.
  EXPECT_THAT(packed.unshifted, ElementsAre(1, 0, 4, 2, 3));
  EXPECT_THAT(packed.shifted, ElementsAre(1, 0, 3, 4, 2));
  EXPECT_THAT(packed.labelled_end, ElementsAre(0, 2, 5));
  EXPECT_THAT(packed.query_end, ElementsAre(0, 1, 3));
  EXPECT_THAT(packed.labels.row, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(packed.labels.is_allowed, SizeIs(8 * shape.num_labels));
  EXPECT_THAT(packed.numbers.row, IsEmpty());
}

TEST(PackedTasks, GroupsAreBounded) {
  std::vector<TrainSample> batch;
  for (const uint32_t features : {3u, 20u, 4u, 19u, 3u}) {
    batch.push_back(random_task({.num_labelled = 10, .num_queries = 5, .num_features = features}, features));
  }
  EXPECT_THAT(group_tasks(batch, 1 << 20), ElementsAre(ElementsAre(0, 5)));
  EXPECT_THAT(group_tasks(batch, 500), ElementsAre(ElementsAre(0, 3), ElementsAre(3, 5)));
  EXPECT_THAT(group_tasks(batch, 1), ElementsAre(ElementsAre(0, 1), ElementsAre(1, 2), ElementsAre(2, 3),
                                                 ElementsAre(3, 4), ElementsAre(4, 5)))
      << "one task a pack at least";
  batch.assign(50, random_task({.num_labelled = 1'500, .num_queries = 5, .num_features = 1}, 1));
  for (const auto& [begin, end] : group_tasks(batch, size_t{1} << 40)) {
    EXPECT_LE((end - begin) * 1'505, kMostPackedRows);
  }
}

TEST(PackedTasks, NumbersAndLabelsGoTogether) {
  std::vector<TrainSample> batch;
  for (const bool predicts_number : {false, true}) {
    batch.push_back(random_task({.num_labelled = 2, .num_queries = 1, .version = 2, .predicts_number = predicts_number},
                                batch.size()));
  }
  const CompactNetworkOptions options = small_network(DType::kFloat32, /*version=*/2);
  const TrainSample* tasks[] = {&batch[0], &batch[1]};
  const PackedTasks packed = pack_tasks(NetworkShape(options.config), options, tasks);
  EXPECT_THAT(packed.labels.row, ElementsAre(0, 1, 4)) << "labelled rows of both tasks, then the queries of both";
  EXPECT_THAT(packed.numbers.row, ElementsAre(2, 3, 5));
  EXPECT_THAT(packed.numbers.label, SizeIs(3));
  EXPECT_THAT(packed.numbers.is_allowed, IsEmpty());
}

}  // namespace
}  // namespace manyshot::train
