// What training makes of facts, on a model that knows nothing: minutes of training, and the effect that the laboratory
// is about.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/make/make.h"
#include "lab/report/lab_summary.h"
#include "lab/run/lab_run.h"
#include "lab/run/word_model.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

// 160 facts "a r b", each relation with another for its reverse. The reverses of 40 facts are in no document.
TEST(Learning, FactsAreNotReversedUnlessTheirReversesAreTrained) {
  const TemporaryFolder folder;
  const LabData data = make_lab_data(
      {.kind = DataKind::kRelations, .seed = 1, .sizes = {.holdout = 40, .entities = 40, .relations = 4}});
  write_lab_data(data, folder / "relations");
  write_word_model(std::span(&data, 1), {}, folder / "model");
  LabOptions options{.data = {folder / "relations"},
                     .model = folder / "model",
                     .conditions = {"none", "finetune", "augmented:augment=local"},
                     .seeds = {0}};
  options.tuning = {.tuning = Tuning::kFull,
                    .learning_rate = 1e-3,
                    .batch = 32,
                    .passes = 80,
                    .match = Match::kPasses,
                    .curve_points = 0};
  options.out = folder / "out";
  LabRun run(options, {}, "1");
  run.run();
  const LabSummary summary = summarise(run);
  const auto accuracy = [&](ConditionKind condition, const std::string& split) {
    return summary.tasks[0].condition(condition)->split(split)->accuracy[0];
  };
  using enum ConditionKind;
  for (const char* split : {"forward", "reversal", "trained-reversal"})
    EXPECT_LT(accuracy(kNone, split), 0.25) << split;
  EXPECT_GE(accuracy(kFinetune, "forward"), 0.95);
  EXPECT_GE(accuracy(kFinetune, "trained-reversal"), 0.95) << "the other facts' reverses, which documents state";
  EXPECT_LE(accuracy(kFinetune, "reversal"), 0.25) << "chance is .1";
  EXPECT_GE(accuracy(kAugmented, "forward"), 0.95);
  EXPECT_GE(accuracy(kAugmented, "reversal"), 0.95);
}

}  // namespace
}  // namespace manyshot::lab
