// Which samples at which step, in one process and in several.
#include "train/plan/run_plan.h"

#include <gtest/gtest.h>

#include <set>

namespace manyshot::train {
namespace {

Recipe two_stages() {
  return parse_recipe("[[stage]]\nsteps = 3\nbatch = 2\naccumulation = 2\n[[stage]]\nsteps = 4\nbatch = 1\n", "r.toml");
}

TEST(Plan, StepsBelongToStages) {
  const RunPlan plan(two_stages(), 0, 1);
  EXPECT_EQ(plan.total_steps(), 7);
  EXPECT_EQ(plan.place(2).stage, 0u);
  EXPECT_EQ(plan.place(3).stage, 1u);
  EXPECT_EQ(plan.place(3).step, 0);
  EXPECT_EQ(plan.place(6).step, 3);
}

TEST(Plan, ProcessesShareThePositionsOfEachStep) {
  for (const int world_size : {1, 2, 3}) {
    std::set<uint64_t> positions;
    for (int rank = 0; rank < world_size; ++rank) {
      const RunPlan plan(two_stages(), rank, world_size);
      for (uint64_t number = 0; number < 3 * plan.own_step_samples(0); ++number) {
        const uint64_t position = plan.position(0, number);
        EXPECT_EQ(position / plan.step_samples(0), number / plan.own_step_samples(0)) << "the same step";
        EXPECT_TRUE(positions.insert(position).second);
      }
    }
    EXPECT_EQ(positions.size(), 12u * world_size);
    EXPECT_EQ(*positions.rbegin(), 12u * world_size - 1);
  }
}

TEST(Plan, TwoProcessesSeeWhatTwiceTheAccumulationSees) {
  Recipe twice = two_stages();
  twice.stages[0].accumulation = 4;
  const RunPlan one(twice, 0, 1), first(two_stages(), 0, 2), second(two_stages(), 1, 2);
  std::multiset<uint64_t> alone, together;
  for (uint64_t number = 0; number < 8; ++number) alone.insert(one.position(0, number));
  for (uint64_t number = 0; number < 4; ++number) {
    together.insert(first.position(0, number));
    together.insert(second.position(0, number));
  }
  EXPECT_EQ(alone, together);
}

}  // namespace
}  // namespace manyshot::train
