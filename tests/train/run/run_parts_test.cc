// Parts of a run: the plan, averages, TensorBoard files, logs, status line, places of processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/testing.h"
#include "train/collective/collective.h"
#include "train/compact/compact_model.h"
#include "train/display/loss_curve.h"
#include "train/display/status_line.h"
#include "train/plan/run_plan.h"
#include "train/plan/token_forecast.h"
#include "train/record/checkpoint.h"
#include "train/record/metrics_log.h"
#include "train/record/tensorboard.h"
#include "train/run/run_meter.h"
#include "train/run/weight_average.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

TEST(WeightAverage, FollowsAndSwaps) {
  std::vector<float> value = {1, 2}, gradient(2);
  std::vector<Parameter> parameters = {{.name = "w", .shape = {2}, .value = value, .gradient = gradient}};
  WeightAverage average(parameters, 0.5);
  value = {3, 2};
  average.update(parameters, 0);  // weight 1 - 1/10: early on it forgets fast
  average.swap(parameters);
  EXPECT_NEAR(value[0], 1 + 0.9 * 2, 1e-6);
  EXPECT_EQ(value[1], 2);
  average.swap(parameters);
  EXPECT_THAT(value, ElementsAre(3, 2));
  value = {0, 2};
  average.update(parameters, 1000);
  average.swap(parameters);
  EXPECT_NEAR(value[0], 2.8 / 2, 1e-6);
  EXPECT_FALSE(WeightAverage(parameters, 0).is_active());
}

TEST(TensorBoard, ChecksumsAreCastagnolis) {
  EXPECT_EQ(crc32c_of("123456789"), 0xe3069283u);  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c_of(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c_of(std::string(32, '\xff')), 0x62a8ab43u);
}

// Takes a file's records apart and checks their checksums.
std::vector<std::string> records_of(const std::string& bytes) {
  std::vector<std::string> records;
  const auto masked = [](std::string_view text) {
    const uint32_t crc = crc32c_of(text);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  };
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    uint32_t head = 0, tail = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    std::memcpy(&head, bytes.data() + at + 8, 4);
    EXPECT_EQ(head, masked(std::string_view(bytes).substr(at, 8)));
    records.push_back(bytes.substr(at + 12, length));
    std::memcpy(&tail, bytes.data() + at + 12 + length, 4);
    EXPECT_EQ(tail, masked(records.back()));
    at += 16 + length;
  }
  return records;
}

TEST(TensorBoard, EventsCarryStepTagAndValue) {
  const testing::TemporaryFolder folder;
  EventWriter writer(folder.path(), 0);
  writer.add(300, {{"train/loss", 0.5f}, {"train/accuracy", 0.25f}});
  const std::vector<std::string> records = records_of(testing::content_of(writer.path()));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0], HasSubstr("brain.Event:2"));
  // step 300 as a varint behind the key of field 2; the value 0.5 behind tag and key of field 2.
  EXPECT_THAT(records[1], HasSubstr(std::string("\x10\xac\x02", 3)));
  EXPECT_THAT(records[1], HasSubstr("train/loss" + std::string("\x15\x00\x00\x00\x3f", 5)));
  EXPECT_THAT(records[1], HasSubstr("train/accuracy" + std::string("\x15\x00\x00\x80\x3e", 5)));
}

TEST(TensorBoard, AResumedRunHidesWhatItRepeats) {
  const testing::TemporaryFolder folder;
  const EventWriter writer(folder.path(), 5);
  const std::vector<std::string> records = records_of(testing::content_of(writer.path()));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[1], ::testing::EndsWith(std::string("\x10\x05\x3a\x02\x08\x01", 6))) << "SessionLog START at 5";
}

TEST(JsonLinesLog, CutsWhatAResumedRunRepeats) {
  const testing::TemporaryFolder folder;
  const std::string path =
      folder.put("m.jsonl", "{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"eval_loss\":1}\n{\"step\":3}\n{\"st");
  JsonLinesLog log(path, 2);
  log.add({{"step", 3}, {"loss", 7}});
  EXPECT_EQ(testing::content_of(path),
            "{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"eval_loss\":1}\n{\"step\":3,\"loss\":7}\n");
  JsonLinesLog fresh(path, 0);
  EXPECT_EQ(testing::content_of(path), "");
}

TEST(LossCurve, DrawsWhatIsFinite) {
  LossCurve curve;
  for (int step = 1; step <= 100; ++step) curve.training.push_back({static_cast<double>(step), 2.0 / step});
  curve.training.push_back({101, std::nan("")});
  curve.evaluation = {{50, 0.7}};
  const std::string svg = loss_curve_svg(curve);
  EXPECT_THAT(svg, HasSubstr("held-out loss 0.7000 at step 50"));
  EXPECT_THAT(svg, ::testing::Not(HasSubstr("nan")));
  EXPECT_THAT(loss_curve_svg({}), HasSubstr("</svg>"));
}

TEST(StatusLine, SaysWhatMatters) {
  EXPECT_EQ(StatusLine::format({.stage = "main",
                                .step = 1200,
                                .total_steps = 4000,
                                .loss = 0.64123,
                                .accuracy = 0.612,
                                .tokens_per_second = 12345,
                                .utilisation = 0.379,
                                .seconds_left = 3725}),
            "main 1,200/4,000 (30 %), loss 0.6412, right 61.2 %, 12,345 tokens/s, MFU 38 %, 1 h 2 min left");
}

// Tasks of 12 labelled rows at first, of 64 in the second half, of a second stage of 16.
Recipe growing_recipe() {
  return parse_recipe(R"([[stage]]
name = "grows"
steps = 20
batch = 4
grow = ["0: shots=12:12", "0.5: shots=64:64"]
[stage.corpus]
prior = "mlp"
classes = "2:2"
features = "3:3"
queries = 4
[[stage]]
name = "last"
steps = 10
batch = 2
[stage.corpus]
prior = "mlp"
classes = "2:2"
shots = "12:36"
features = "2:6"
queries = 4
)",
                      "r.toml");
}

TokenForecast forecast_of(const Recipe& recipe, const RunPlan& plan, const ModelConfig& config,
                          size_t first_stage = 0) {
  TokenForecast forecast;
  for (size_t stage = first_stage; stage < recipe.stages.size(); ++stage) {
    const uint64_t positions = static_cast<uint64_t>(plan.stage_steps(stage)) * plan.step_samples(stage);
    const auto stream = open_stream(without_judgement(recipe.stages[stage]),
                                    {.compact = &config, .vocab_size = 1075, .seed = 7, .num_positions = positions});
    forecast.add_stage(recipe.stages[stage], plan, stage, *stream);
  }
  return forecast;
}

TEST(TokenForecast, KnowsThatSamplesGrow) {
  const Recipe recipe = growing_recipe();
  const ModelConfig config = compact_config({});
  for (const int world_size : {1, 2}) {
    const RunPlan plan(recipe, 0, world_size);
    const TokenForecast forecast = forecast_of(recipe, plan, config);
    ASSERT_TRUE(forecast.is_known());
    // Rows of 3 numbers, a bar and a label; columns that are constant are left out.
    EXPECT_NEAR(forecast.tokens(0, 10), 10 * 4 * world_size * 16 * 5, 0.05 * 10 * 4 * 16 * 5 * world_size);
    EXPECT_NEAR(forecast.tokens(10, 20), 10 * 4 * world_size * 68 * 5, 0.05 * 10 * 4 * 68 * 5 * world_size);
    // 12 to 36 rows, evenly in their logarithm: 21.8 on average; 4 columns.
    EXPECT_NEAR(forecast.tokens(20, 30), 10 * 2 * world_size * 25.8 * 6, 0.25 * 10 * 2 * world_size * 25.8 * 6);
    EXPECT_DOUBLE_EQ(forecast.tokens(0, 30), forecast.tokens(0, 7) + forecast.tokens(7, 25) + forecast.tokens(25, 30));
  }
  EXPECT_EQ(forecast_of(recipe, RunPlan(recipe, 0, 1), config, 1).tokens(0, 20), 0)
      << "of a run that goes on behind it";
}

TEST(TokenForecast, TheTimeLeftIsThatOfTheTokensToCome) {
  const Recipe recipe = growing_recipe();
  const RunPlan plan(recipe, 0, 1);
  const ModelConfig config = compact_config({});
  const TokenForecast forecast = forecast_of(recipe, plan, config);
  RunMeter by_steps(0), by_tokens(0);
  by_tokens.set_forecast(forecast);
  StepGradient step;
  step.loss.weight = 1;
  step.loss.tokens = static_cast<uint64_t>(2 * forecast.tokens(0, 1));  // twice what was foretold
  TrainerState state;
  for (int i = 0; i < 5; ++i) {
    by_steps.add(step, 3.0, state);
    by_tokens.add(step, 3.0, state);
  }
  EXPECT_NEAR(by_steps.status("", 5, 30).seconds_left, 25 * 3.0, 1e-9);
  const double left = 3.0 * forecast.tokens(5, 30) / forecast.tokens(0, 1);
  EXPECT_NEAR(by_tokens.status("", 5, 30).seconds_left, left, 1e-2 * left);
  EXPECT_GT(left, 2 * 25 * 3.0);
}

TEST(Checkpoint, StateComesBack) {
  const testing::TemporaryFolder folder;
  std::vector<float> a = {1, 2, 3}, b = {4};
  const std::vector<StateTensor> tensors = {{"a", a}, {"b", b}};
  write_state(tensors, folder.path());
  a = {0, 0, 0};
  read_state(tensors, folder.path());
  EXPECT_THAT(a, ElementsAre(1, 2, 3));
  std::vector<float> other(2);
  const std::vector<StateTensor> wrong = {{"b", other}};
  EXPECT_EQ(testing::error_of([&] { read_state(wrong, folder.path()); }).kind(), ErrorKind::kCorruptFile);
}

TEST(Checkpoint, AppearsWholeOrNotAtAll) {
  const testing::TemporaryFolder folder;
  const CheckpointFolders checkpoints(folder.path());
  const auto fill = [](const std::string& text) {
    return [text](const std::string& inside) { std::ofstream(inside + "/file") << text; };
  };
  checkpoints.write(5, fill("a"));
  EXPECT_ANY_THROW(checkpoints.write(5, [&](const std::string& inside) {
    fill("half")(inside);
    fail(ErrorKind::kBadInput, "disk full");
  }));
  EXPECT_EQ(testing::content_of(folder / "checkpoint-5/file"), "a");
  checkpoints.write(5, fill("b"));
  EXPECT_EQ(testing::content_of(folder / "checkpoint-5/file"), "b");
  EXPECT_THAT(folder.names(), ElementsAre("checkpoint-5"));
  std::filesystem::create_directory(folder / ".checkpoint-7.part");
  checkpoints.remove_unfinished();
  EXPECT_THAT(folder.names(), ElementsAre("checkpoint-5"));
  for (const int64_t step : {10, 15, 20}) checkpoints.write(step, fill("c"));
  checkpoints.prune(2, 5);
  EXPECT_THAT(checkpoints.steps(), ElementsAre(5, 15, 20));
}

class Environment : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : kNames) unsetenv(name);
  }
  static void set(std::vector<std::pair<const char*, const char*>> values) {
    for (const char* name : kNames) unsetenv(name);
    for (const auto& [name, value] : values) setenv(name, value, 1);
  }
  static constexpr const char* kNames[] = {
      "RANK",         "WORLD_SIZE",    "MASTER_ADDR",  "MASTER_PORT",        "SLURM_PROCID",
      "SLURM_NTASKS", "SLURM_STEP_ID", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "TORCHELASTIC_USE_AGENT_STORE"};
};

TEST_F(Environment, PlacesComeFromTorchrunAndSlurm) {
  set({});
  EXPECT_EQ(process_place().world_size, 1);
  set({{"RANK", "2"},
       {"WORLD_SIZE", "4"},
       {"MASTER_ADDR", "host"},
       {"MASTER_PORT", "29500"},
       {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  const ProcessPlace torchrun = process_place();
  EXPECT_EQ(torchrun.rank, 2);
  EXPECT_EQ(torchrun.address, "host");
  EXPECT_TRUE(torchrun.is_store_hosted);
  set({{"SLURM_PROCID", "1"},
       {"SLURM_NTASKS", "8"},
       {"SLURM_STEP_ID", "0"},
       {"SLURM_JOB_ID", "20007"},
       {"SLURM_JOB_NODELIST", "node[3-7,9]"}});
  const ProcessPlace slurm = process_place();
  EXPECT_EQ(slurm.rank, 1);
  EXPECT_EQ(slurm.world_size, 8);
  EXPECT_EQ(slurm.address, "node3");
  EXPECT_EQ(slurm.port, 20007);
}

TEST_F(Environment, WhatIsMissingIsNamed) {
  set({{"RANK", "2"}, {"WORLD_SIZE", "4"}});
  EXPECT_THAT(testing::error_of([] { process_place(); }).what(), HasSubstr("MASTER_PORT"));
  set({{"RANK", "4"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "host"}, {"MASTER_PORT", "29500"}});
  EXPECT_THAT(testing::error_of([] { process_place(); }).what(), HasSubstr("process 4 of 4"));
}

}  // namespace
}  // namespace manyshot
