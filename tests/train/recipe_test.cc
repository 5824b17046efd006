// Recipes: what a file sets, what --set changes, and what is refused with its line and the nearest key.
#include "train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/files.h"
#include "support/error.h"
#include "support/source_path.h"
#include "train/growth.h"

namespace manyshot::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRecipe = R"(seed = 7
[model]
base = "smollm2"
[lora]
rank = 16
target_modules = ["q_proj", "v_proj"]
[[stage]]
name = "warmup"
steps = 100
learning_rate = 1e-5
[stage.corpus]
stage = "warmup"
shots = "8:64"
[[stage]]
name = "main"
tasks = 1000
batch = 3
accumulation = 4
)";

Recipe parse(std::string_view text, std::vector<std::string> changes = {}) {
  return parse_recipe(text, "recipe.toml", changes);
}

void expect_refused(std::string_view text, const std::string& part, std::vector<std::string> changes = {}) {
  const Error error = error_of([&] { parse(text, changes); });
  EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr(part));
}

TEST(Recipe, ReadsSectionsAndStages) {
  const Recipe recipe = parse(kRecipe);
  EXPECT_EQ(recipe.seed, 7u);
  EXPECT_EQ(recipe.model.base, "smollm2");
  EXPECT_EQ(recipe.lora.options.rank, 16);
  EXPECT_THAT(recipe.lora.options.target_modules, ElementsAre("q_proj", "v_proj"));
  ASSERT_EQ(recipe.stages.size(), 2u);
  EXPECT_EQ(recipe.stages[0].corpus.stage, CorpusStage::kWarmup);
  EXPECT_EQ(recipe.stages[0].optimizer.learning_rate, 1e-5);
  EXPECT_EQ(recipe.stages[1].corpus.shots, (IntRange{8, 1024}));
  EXPECT_EQ(recipe.stages[1].num_steps(1), 84) << "1,000 tasks by 12, rounded up";
  EXPECT_EQ(recipe.stages[1].num_steps(2), 42);
  EXPECT_EQ(recipe.stages[0].num_steps(2), 100);
}

TEST(Recipe, TheModelsVersionIsItsStages) {
  const std::string text = R"([model]
base = "fresh"
[compact]
version = 2
[[stage]]
steps = 10
[stage.corpus]
format = "compact"
number_share = 0.5
)";
  EXPECT_EQ(parse(text).stages[0].corpus.compact_version, 2);
  EXPECT_ERROR(parse(text, {"compact.version=1"}), ErrorKind::kBadInput, HasSubstr("number_share"));
}

TEST(Recipe, ChangesWinOverTheFile) {
  const Recipe recipe = parse(kRecipe, {"lora.rank=4", "stage.main.batch=8", "stage.0.corpus.queries=5", "seed=9"});
  EXPECT_EQ(recipe.lora.options.rank, 4);
  EXPECT_EQ(recipe.stages[1].batch, 8);
  EXPECT_EQ(recipe.stages[0].corpus.queries, 5);
  EXPECT_EQ(recipe.seed, 9u);
  // As a list given once arrives, split at its commas.
  EXPECT_THAT(parse(kRecipe, {"lora.target_modules=q_proj", "k_proj", "lora.rank=2"}).lora.options.target_modules,
              ElementsAre("q_proj", "k_proj"));
}

TEST(Recipe, ChoicesAreReadByName) {
  const Recipe recipe = parse(R"([model]
base = "a"
parameters = "full"
[checkpoint]
best_metric = "table_log_loss"
[evaluate]
shots = [8, 16]
[[stage]]
steps = 1
data = "messages"
path = "x"
chat = "llama3"
too_long = "cut"
loss = "dense"
optimizer = "schedule-free"
schedule = "linear"
)");
  EXPECT_EQ(recipe.model.parameters, TrainedParameters::kFull);
  EXPECT_EQ(recipe.checkpoint.best_metric, BestMetric::kTableLogLoss);
  EXPECT_THAT(recipe.evaluate.shots, ElementsAre(8, 16));
  const StageRecipe& stage = recipe.stages[0];
  EXPECT_EQ(stage.data, StageData::kMessages);
  EXPECT_EQ(stage.chat, ChatWrapping::kLlama3);
  EXPECT_EQ(stage.too_long, TooLong::kCut);
  EXPECT_EQ(stage.loss, LossMode::kDense);
  EXPECT_EQ(stage.optimizer.kind, OptimizerKind::kScheduleFree);
  EXPECT_EQ(stage.schedule, ScheduleKind::kLinear);
  EXPECT_EQ(parse(kRecipe).stages[0].chat, std::nullopt) << "auto";
  EXPECT_EQ(parse(kRecipe, {"checkpoint.best_metric="}).checkpoint.best_metric, BestMetric::kNone);
}

TEST(Recipe, KeysOfOlderRecipesAreUnderstood) {
  const Recipe recipe = parse("[lora]\ntargets = [\"o_proj\"]\nrslora = true\n[[stage]]\nsteps = 1\n");
  EXPECT_THAT(recipe.lora.options.target_modules, ElementsAre("o_proj"));
  EXPECT_TRUE(recipe.lora.options.use_rslora);
  EXPECT_THAT(parse(kRecipe, {"lora.targets=k_proj"}).lora.options.target_modules, ElementsAre("k_proj"));
  // A run that was started with them can go on.
  Json saved = to_json(recipe);
  saved["lora.targets"] = saved["lora.target_modules"];
  saved.erase("lora.target_modules");
  EXPECT_EQ(find_changed_key(saved, to_json(recipe)), "");
  saved["lora.targets"] = {"v_proj"};
  EXPECT_THAT(find_changed_key(saved, to_json(recipe)), HasSubstr("lora.target_modules was [\"v_proj\"]"));
}

TEST(Recipe, TyposNameLineAndNearestKey) {
  expect_refused("[lora]\nrnak = 8\n", "recipe.toml:2:1: unknown option \"lora.rnak\"; did you mean \"lora.rank\"?");
  expect_refused("[[stage]]\nsteps = 1\nlerning_rate = 1\n",
                 "recipe.toml:3:1: unknown option \"lerning_rate\"; did you mean \"learning_rate\"?");
  expect_refused("[[stage]]\nsteps = 1\n[stage.corpus]\nshot = 8\n",
                 "recipe.toml:4:1: unknown option \"corpus.shot\"; did you mean \"corpus.shots\"?");
  expect_refused("[[stages]]\nsteps = 1\n", "recipe.toml:1:3: unknown table \"stages\"; did you mean \"stage\"?");
  expect_refused("[lora]\nrank = 0\n", "recipe.toml:2:8: lora.rank: expected a whole number from 1 to 4096, got 0");
  expect_refused("[[stage]]\nsteps = 1\noptimizer = \"adam\"\n", "did you mean \"adamw\"?");
}

TEST(Recipe, BadChangesAreNamed) {
  expect_refused(kRecipe, "--set rank=4: unknown option \"rank\"", {"rank=4"});
  expect_refused(kRecipe, "--set lora.rank: expected key=value", {"lora.rank"});
  expect_refused(kRecipe, "--set stage.mian.steps=3: no stage \"mian\"; did you mean \"main\"?",
                 {"stage.mian.steps=3"});
  expect_refused(kRecipe, "--set lora.rank=x: lora.rank: expected a whole number", {"lora.rank=x"});
}

TEST(Recipe, ContradictionsAreRefused) {
  expect_refused("seed = 1\n", "there is no [[stage]]");
  expect_refused("[[stage]]\nname = \"a\"\n", "stage \"a\": give steps, tasks or epochs");
  expect_refused("[[stage]]\nsteps = 1\ntasks = 1\n", "give one of steps, tasks and epochs");
  expect_refused("[[stage]]\nepochs = 2\n", "data = \"live\" draws tasks without end");
  expect_refused("[[stage]]\nepochs = 2\ndata = \"tables\"\npath = \"x\"\n", "data = \"tables\" draws tasks");
  expect_refused("[[stage]]\nsteps = 2\nvalidation = 0.1\n", "live tasks are never seen twice");
  expect_refused("[[stage]]\nsteps = 2\nreplay = 0.1\n", "stage \"stage0\": replay needs replay_path");
  expect_refused("[[stage]]\nsteps = 2\nreplay_path = \"a.txt\"\n", "such as replay = 0.1");
  expect_refused("[evaluate]\ntasks = 0\n[[stage]]\nsteps = 2\nvalidation = 0.1\ndata = \"tables\"\npath = \"x\"\n",
                 "that is 0");
  expect_refused("[[stage]]\nsteps = 1\n[[stage]]\nname = \"stage0\"\nsteps = 1\n", "two stages are named \"stage0\"");
  expect_refused("[[stage]]\nsteps = 1\ndata = \"alpaca\"\n", "needs a path");
  expect_refused("[[stage]]\nsteps = 1\npath = \"x\"\n", "takes no path");
  expect_refused("[[stage]]\nsteps = 1\nema = 0.9\noptimizer = \"schedule-free\"\n", "averages the weights already");
  expect_refused("[model]\nparameters = \"lora\"\n[[stage]]\nsteps = 1\n", "needs a base");
  expect_refused("[model]\nbase = \"a\"\nconfig = \"b\"\n[[stage]]\nsteps = 1\n", "model.config is for");
  expect_refused("[compact]\nrow_layers = 8\n[[stage]]\nsteps = 1\n", "row_layers");
  expect_refused("[[stage]]\nsteps = 1\n[stage.corpus]\nshots = \"64:8\"\n", "the range is empty");
  expect_refused("[evaluate]\nshots = [\"many\"]\n[[stage]]\nsteps = 1\n",
                 "recipe.toml:2:9: evaluate.shots: expected a list of whole numbers from 0 to 999999");
}

TEST(Recipe, EntriesOfGrowAreNamedByTheirPlace) {
  expect_refused("[[stage]]\nsteps = 1\ngrow = [\"shots=8\"]\n", "recipe.toml:3:8: stage.grow: expected \"0.1:");
  expect_refused("[[stage]]\nname = \"a\"\nsteps = 1\n", "--set stage.a.grow: \"2: shots=8\" must begin with a share",
                 {"stage.a.grow=2: shots=8"});
}

TEST(Recipe, OptionsOfACorpusAreNamedByTheirPlace) {
  const auto refused = [](const std::string& corpus, std::vector<std::string> changes = {}) {
    const std::string text = "[[stage]]\nsteps = 1\n[stage.corpus]\n" + corpus;
    return std::string(error_of([&] { parse(text, changes); }).what());
  };
  EXPECT_EQ(refused("shots = \"80:8\"\n"),
            "recipe.toml:4:9: stage.corpus.shots 80:8: the range is empty; did you mean 8:80?");
  EXPECT_EQ(refused("queries = 20\n  rows = 50\n"),
            "recipe.toml:5:10: stage.corpus.rows: 50 is too few for 8:1024 shots and 20 queries, which need 1044 rows; "
            "give more, or auto");
  EXPECT_THAT(refused("", {"stage.0.corpus.prior=grap"}), HasSubstr("--set stage.0.corpus.prior: unknown prior"));
  EXPECT_THAT(refused("format = \"csv\"\n"),
              HasSubstr("stage.corpus.format: expected concat, tabllm, lines or compact"));
}

TEST(Recipe, JsonComesBackEqualAndFindsChanges) {
  const Json saved = to_json(parse(kRecipe));
  EXPECT_EQ(find_changed_key(saved, to_json(parse(kRecipe))), "");
  EXPECT_EQ(find_changed_key(saved, to_json(parse(kRecipe, {"checkpoint.keep_last=9", "evaluate.tasks=1"}))), "");
  EXPECT_EQ(find_changed_key(saved, to_json(parse(kRecipe, {"lora.rank=4"}))), "lora.rank was 16, now it is 4");
  EXPECT_EQ(find_changed_key(saved, to_json(parse(kRecipe, {"stage.main.batch=4"}))),
            "stage 1: batch was 3, now it is 4");
  EXPECT_NE(find_changed_key(Json::object(), saved), "");
}

TEST(Recipe, RunsSavedBeforeAKeyExistedHadItsDefault) {
  Json saved = to_json(parse(kRecipe));
  saved.erase("model.initialisation");
  saved["stages"][1].erase("ema");
  EXPECT_EQ(find_changed_key(saved, to_json(parse(kRecipe))), "");
  EXPECT_EQ(find_changed_key(saved, to_json(parse(kRecipe, {"stage.main.ema=0.5"}))),
            "stage 1: ema was 0.0, now it is 0.5");
}

TEST(Growth, EntriesBuildOnEachOther) {
  StageRecipe stage;
  stage.grow = {"0: shots=8:16 features=2:8", "0.25: shots=8:64", "0.5: classes=2:4 shots=32"};
  const std::vector<GrowthPhase> phases = growth_phases(stage);
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[1].begin, 0.25);
  EXPECT_EQ(phases[1].corpus.shots, (IntRange{8, 64}));
  EXPECT_EQ(phases[1].corpus.prior.features, (IntRange{2, 8}));
  EXPECT_EQ(phases[2].corpus.prior.classes, (IntRange{2, 4}));
  stage.grow = {"0.5: shots=32"};
  EXPECT_EQ(growth_phases(stage).front().corpus.shots, (IntRange{8, 1024}))
      << "before the first entry, as the stage says";
}

TEST(Growth, BadEntriesAreNamed) {
  StageRecipe stage;
  const auto refused = [&](std::vector<std::string> grow, const std::string& part) {
    stage.grow = std::move(grow);
    EXPECT_THAT(error_of([&] { growth_phases(stage); }).what(), HasSubstr(part));
  };
  refused({"shots=8"}, "expected \"0.1:");
  refused({"2: shots=8"}, "must begin with a share");
  refused({"0.5: shots=8", "0.1: shots=9"}, "must begin after 0.5");
  refused({"0: shot=8"}, "did you mean \"shots\"?");
  refused({"0: shots"}, "no key=value");
  refused({"0: shots=80:8"}, "grow: shots 80:8: the range is empty; did you mean 8:80?");
}

TEST(Recipe, ShippedRecipesAreSound) {
  const std::string folder = source_path("recipes");
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    EXPECT_NO_THROW(read_recipe(entry.path().string())) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 3);
}

TEST(Recipe, TheDocumentListsAllKeys) {
  const std::string document = read_file(source_path("docs/formats/recipe.md"));
  EXPECT_THAT(document, HasSubstr(recipe_keys_markdown())) << "renew it: manyshot train --keys";
}

}  // namespace
}  // namespace manyshot::train
