// manyshot train, merge and export as a user runs them: killed and resumed runs, bad input, models that other commands
// take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/documented_keys.h"
#include "support/models/tiny_text_model.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kCompactRecipe = R"(seed = 5
[compact]
hidden_size = 32
intermediate_size = 48
num_attention_heads = 2
num_key_value_heads = 2
num_hidden_layers = 3
row_layers = 1
[checkpoint]
every_steps = 5
every_minutes = 0
keep_last = 100
[evaluate]
tasks = 2
shots = ["8"]
[[stage]]
name = "main"
steps = 40
batch = 4
optimizer = "muon"
learning_rate = 0.01
loss = "dense"
ema = 0.9
[stage.corpus]
prior = "mlp"
shots = "8:24"
queries = 4
features = "2:4"
classes = "2:3"
filter_tasks = false
)";

std::string text_recipe(const std::string& model) {
  return "seed = 5\n[model]\nbase = \"" + model + R"("
[lora]
rank = 2
targets = ["q_proj", "down_proj"]
[checkpoint]
every_steps = 2
every_minutes = 0
keep_last = 100
[evaluate]
tasks = 1
shots = ["8"]
[[stage]]
name = "main"
steps = 12
batch = 2
learning_rate = 0.01
max_tokens = 4000
[stage.corpus]
prior = "mlp"
shots = "8:12"
queries = 4
features = "2:3"
classes = "2:2"
filter_tasks = false
)";
}

class TrainCommand : public ::testing::Test {
 protected:
  TrainCommand() {
    fs::create_directory(folder_ / "model");
    write_tiny_text_model(folder_ / "model");
  }
  std::vector<std::string> arguments(const std::string& recipe, const std::string& out,
                                     const std::vector<std::string>& more = {}) const {
    std::vector<std::string> list{"train", "--config", folder_.write("recipe.toml", recipe), "--out", folder_ / out};
    list.insert(list.end(), more.begin(), more.end());
    return list;
  }
  void expect_refused(const std::string& recipe, const std::vector<std::string>& more, const std::string& part) const {
    const ProgramResult result = run_manyshot(arguments(recipe, "refused", more));
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(part));
  }
  // Kills the run when that checkpoint appears, resumes it, and compares it with one that was left alone.
  void expect_same_bits_after_kill(const std::string& recipe, const std::string& checkpoint, const std::string& last) {
    ASSERT_EQ(run_manyshot(arguments(recipe, "whole")).exit_code, 0);
    ProgramOptions kill_it;
    kill_it.meanwhile = [&](pid_t process) {
      while (!fs::exists(folder_ / ("killed/" + checkpoint)) && kill(process, 0) == 0) usleep(500);
      kill(process, SIGKILL);
    };
    const ProgramResult killed = run_manyshot(arguments(recipe, "killed"), kill_it);
    ASSERT_EQ(killed.signal, SIGKILL) << "the run ended before it could be killed";
    const ProgramResult resumed = run_manyshot(arguments(recipe, "killed", {"--resume", folder_ / "killed"}));
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    for (const auto& entry : fs::directory_iterator(folder_ / ("whole/" + last))) {
      const std::string name = entry.path().filename();
      if (name == "trainer_state.json") continue;  // it has times
      EXPECT_EQ(content_of(folder_ / ("killed/" + last + "/" + name)), content_of(entry.path())) << name;
    }
    EXPECT_EQ(losses("killed"), losses("whole"));
  }
  std::vector<double> losses(const std::string& run) const {
    std::ifstream file(folder_ / (run + "/metrics.jsonl"));
    std::vector<double> values;
    for (std::string line; std::getline(file, line);) {
      const json step = json::parse(line);
      if (step.contains("loss")) values.push_back(step["loss"]);
    }
    return values;
  }
  TemporaryFolder folder_;
};

TEST_F(TrainCommand, ACompactModelLearnsAndPredicts) {
  const ProgramResult result = run_manyshot(arguments(kCompactRecipe, "run", {"--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json summary = json::parse(result.out);
  expect_documented(summary, "train");
  EXPECT_EQ(summary["steps"], 40);
  EXPECT_GT(summary["evaluation"]["eval_accuracy_8"], 0.2);
  const std::vector<double> curve = losses("run");
  EXPECT_LT(curve.back(), curve.front());
  const json info = json::parse(run_manyshot({"info", "--model", folder_ / "run/checkpoint-40", "--json"}).out);
  std::string count = std::to_string(info["parameters"].get<int>());
  EXPECT_THAT(content_of(folder_ / "run/run.json"), HasSubstr(count.insert(count.size() - 3, ",") + " parameters ("));
  const std::string train = folder_.write("train.csv", "a,b,label\n1,2,x\n2,1,y\n3,4,x\n4,3,y\n");
  const std::string test = folder_.write("test.csv", "a,b\n1,3\n");
  const ProgramResult predicted = run_manyshot(
      {"predict", "--model", folder_ / "run/checkpoint-40", "--train", train, "--test", test, "--target", "label"});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_THAT(predicted.out, StartsWith("row,prediction,p_x,p_y\n0,"));
}

constexpr const char* kQuestions =
    "subject,question,A,B,C,D,answer\n"
    "care,Where does the nurse work?,in a school,in a hospital,at sea,in a mine,B\n"
    "care,Who heals?,a doctor,a baker,a miner,a sailor,A\n"
    "sea,Who sails?,a doctor,a baker,a miner,a sailor,D\n";

TEST_F(TrainCommand, ACompactModelIsTrainedOn) {
  const std::string recipe = kCompactRecipe;
  ASSERT_EQ(run_manyshot(arguments(recipe, "first")).exit_code, 0);
  const std::string base = "model.base=" + folder_ / "first/checkpoint-40";
  const ProgramResult next = run_manyshot(arguments(
      recipe, "next", {"--set", base, "--set", "stage.main.steps=1", "--set", "stage.main.learning_rate=0", "--json"}));
  ASSERT_EQ(next.exit_code, 0) << next.err;
  const auto loss_of = [&](const std::string& run) {
    return json::parse(content_of(folder_ / (run + "/report.json")))["evaluation"]["eval_loss"].get<double>();
  };
  EXPECT_NEAR(loss_of("next"), loss_of("first"), 0.01) << "the same tasks, the same weights but for rounding";
  const json config = json::parse(content_of(folder_ / "next/checkpoint-1/config.json"));
  EXPECT_EQ(config["hidden_size"], 32);
  expect_refused(recipe, {"--set", base, "--set", "model.parameters=lora"}, "is for language models");
  expect_refused(recipe, {"--set", "model.base=" + folder_ / ""}, "no config.json");
}

// The engine of GPUs, on the CPU.
TEST_F(TrainCommand, ADeviceTrainsAndCheckpointsMoveBetweenDevices) {
  const std::vector<std::string> ten = {"--set", "stage.main.steps=10", "--set", "model.dtype=float32"};
  const auto train_on = [&](const std::string& device, const std::string& out, std::vector<std::string> more = {}) {
    more.insert(more.end(), ten.begin(), ten.end());
    more.insert(more.end(), {"--device", device});
    return run_manyshot(arguments(kCompactRecipe, out, more));
  };
  const auto loss_of = [&](const std::string& run) {
    return json::parse(content_of(folder_ / (run + "/report.json")))["evaluation"]["eval_loss"].get<double>();
  };
  ASSERT_EQ(train_on("cpu", "ours").exit_code, 0);
  const ProgramResult theirs = train_on("torch-cpu", "theirs");
  if (theirs.err.find("libmanyshot_device.so, which this build") != std::string::npos) GTEST_SKIP() << theirs.err;
  EXPECT_THAT(run_manyshot(arguments(kCompactRecipe, "run", {"--check", "--device", "torch-cpu"})).out,
              HasSubstr("device   at least"));
  EXPECT_THAT(run_manyshot(arguments(text_recipe(folder_ / "model"), "run", {"--check", "--device", "torch-cpu"})).out,
              HasSubstr("device   at least"));
  EXPECT_THAT(theirs.err, HasSubstr("float32 (libtorch)"));
  EXPECT_NEAR(loss_of("theirs"), loss_of("ours"), 1e-3) << "the same samples, weights and steps";
  fs::copy(folder_ / "ours", folder_ / "moved", fs::copy_options::recursive);
  fs::remove_all(folder_ / "moved/checkpoint-10");
  EXPECT_THAT(train_on("torch-cpu", "moved", {"--resume", folder_ / "moved"}).err, HasSubstr("checkpoint-5"));
  EXPECT_NEAR(loss_of("moved"), loss_of("ours"), 1e-3);
  fs::remove_all(folder_ / "theirs/checkpoint-10");
  EXPECT_EQ(train_on("cpu", "theirs", {"--resume", folder_ / "theirs"}).exit_code, 0);
  EXPECT_NEAR(loss_of("theirs"), loss_of("ours"), 1e-3);
}

TEST_F(TrainCommand, DevicesThatCannotComputeAreRefused) {
  expect_refused(kCompactRecipe, {"--device", "gpu"}, "expected cpu, cuda, or cuda:N");
  if (!fs::exists("/dev/nvidiactl")) {
    expect_refused(kCompactRecipe, {"--device", "cuda"}, "this machine has none");
    expect_refused(text_recipe(folder_ / "model"), {"--device", "cuda"}, "this machine has none");
  }
  const ProgramResult synth = run_manyshot({"synth", "--out", folder_ / "tasks", "--device", "cuda"});
  EXPECT_EQ(synth.exit_code, 2);
  EXPECT_THAT(synth.err, HasSubstr("manyshot synth computes on the CPU"));
  EXPECT_FALSE(fs::exists(folder_ / "refused"));
}

// What ships where nothing was trained before: config.json and tokenizer alone, weights by model.initialisation.
TEST_F(TrainCommand, AFreshLanguageModelLearns) {
  fs::create_directory(folder_ / "sizes");
  for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json"})
    fs::copy(folder_ / (std::string("model/") + name), folder_ / (std::string("sizes/") + name));
  const std::string recipe = text_recipe("fresh");
  const std::string config = "model.config=" + (folder_ / "sizes");
  const auto losses = [&](const std::string& initialisation) {
    const std::string out = "fresh-" + initialisation;
    const ProgramResult result =
        run_manyshot(arguments(recipe, out, {"--set", config, "--set", "model.initialisation=" + initialisation}));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::vector<double> found;
    std::ifstream log(folder_ / (out + "/metrics.jsonl"));
    for (std::string line; std::getline(log, line);) {
      const json values = json::parse(line);
      if (values.contains("loss")) found.push_back(values["loss"]);
    }
    EXPECT_EQ(found.size(), 12u);
    return found;
  };
  const std::vector<double> scaled = losses("scaled-normal"), wide = losses("width-scaled");
  EXPECT_NEAR(scaled.front(), std::log(560), 0.3) << "a uniform guess";
  EXPECT_LT(scaled.back(), 0.8 * scaled.front());
  EXPECT_NE(wide.front(), scaled.front());
  const ProgramResult info = run_manyshot({"info", "--model", folder_ / "fresh-scaled-normal/checkpoint-12"});
  EXPECT_EQ(info.exit_code, 0) << info.err;
  EXPECT_THAT(info.out, HasSubstr("Llama, 2 layers"));
  expect_refused(recipe, {"--set", config, "--set", "model.initialisation=xavier"}, "xavier");
}

TEST_F(TrainCommand, EpochsAndAValidationSplit) {
  std::string texts;
  for (int i = 0; i < 30; ++i) texts += "{\"text\": \"the nurse works in ward " + std::to_string(i) + "\"}\n";
  const std::string data = folder_.write("texts.jsonl", texts);
  const std::string recipe =
      "seed = 5\n[model]\nbase = \"" + (folder_ / "model") +
      "\"\n[evaluate]\ntasks = 0\nevery_steps = 7\n[checkpoint]\nevery_steps = 7\nkeep_last = 9\n"
      "[[stage]]\nname = \"main\"\ndata = \"text\"\npath = \"" +
      data + "\"\nepochs = 3\nvalidation = 0.1\nbatch = 4\nlearning_rate = 0.01\n";
  const ProgramResult check = run_manyshot(arguments(recipe, "run", {"--check"}));
  EXPECT_THAT(check.out,
              AllOf(HasSubstr("21 steps, 84 samples"), HasSubstr("27 samples of text in 1 files (3 held out")))
      << check.err << "three times 27 samples by 4";

  const ProgramResult result = run_manyshot(arguments(recipe, "run"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::vector<double> validation, epochs;
  std::ifstream log(folder_ / "run/metrics.jsonl");
  for (std::string line; std::getline(log, line);) {
    const json values = json::parse(line);
    if (values.contains("validation_loss")) validation.push_back(values["validation_loss"]);
    if (values.contains("epoch")) epochs.push_back(values["epoch"]);
  }
  ASSERT_EQ(validation.size(), 3u);
  EXPECT_LT(validation.back(), validation.front()) << "the held-out texts are of the same kind";
  ASSERT_EQ(epochs.size(), 21u);
  EXPECT_DOUBLE_EQ(epochs[6], 1);
  EXPECT_DOUBLE_EQ(epochs.back(), 3);
  const json state = json::parse(content_of(folder_ / "run/checkpoint-21/trainer_state.json"));
  EXPECT_DOUBLE_EQ(state["best_metric"].get<double>(), *std::min_element(validation.begin(), validation.end()));
  EXPECT_THAT(content_of(folder_ / "run/report.md"), HasSubstr("validation: loss"));
  EXPECT_THAT(content_of(folder_ / "run/checkpoint-21/README.md"), HasSubstr("3 epochs"));

  // Resumed with more data, the steps would be others.
  folder_.write("texts.jsonl", texts + texts);
  fs::remove_all(folder_ / "run/checkpoint-21");
  const ProgramResult changed = run_manyshot(arguments(recipe, "run", {"--resume", folder_ / "run"}));
  EXPECT_EQ(changed.exit_code, 2);
  EXPECT_THAT(changed.err, HasSubstr("162 samples in its epochs were 81: its data changed"));
}

TEST_F(TrainCommand, GeneralAbilityIsMeasuredBeforeAndAfterALoraRun) {
  const std::string questions = folder_.write("questions.csv", kQuestions);
  const std::string text = folder_.write("text.txt", "the nurse works in the hospital.\nThe miner works in a mine.\n");
  const std::vector<std::string> measured{"--set", "evaluate.knowledge=" + questions, "--set",
                                          "evaluate.perplexity=" + text, "--json"};
  const ProgramResult result = run_manyshot(arguments(text_recipe(folder_ / "model"), "run", measured));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json ability = json::parse(result.out)["general_ability"];
  EXPECT_EQ(ability["before"]["knowledge_questions"], 3);
  EXPECT_NE(ability["before"]["perplexity"], ability["after"]["perplexity"]) << "training changed the weights";
  const json report = json::parse(content_of(folder_ / "run/report.json"));
  EXPECT_EQ(report["general_ability"], ability);

  // The same numbers as manyshot evaluate's.
  const auto evaluated = [&](const std::vector<std::string>& more) {
    std::vector<std::string> list{"evaluate",     "--models", folder_ / "model", "--knowledge", questions,
                                  "--perplexity", text,       "--json"};
    list.insert(list.end(), more.begin(), more.end());
    const ProgramResult evaluation = run_manyshot(list);
    EXPECT_EQ(evaluation.exit_code, 0) << evaluation.err;
    return json::parse(evaluation.out)["general_ability"][0];
  };
  const json base = evaluated({}), adapted = evaluated({"--adapter", folder_ / "run/checkpoint-12"});
  EXPECT_DOUBLE_EQ(base["perplexity"]["perplexity"], ability["before"]["perplexity"]);
  EXPECT_DOUBLE_EQ(base["knowledge"]["log_loss"], ability["before"]["knowledge_log_loss"]);
  EXPECT_DOUBLE_EQ(adapted["perplexity"]["perplexity"], ability["after"]["perplexity"]);

  // Going on does not measure the start again; fewer questions do.
  fs::remove_all(folder_ / "run/checkpoint-12");
  std::vector<std::string> resumed = measured;
  resumed.insert(resumed.end(), {"--resume", folder_ / "run"});
  const ProgramResult again = run_manyshot(arguments(text_recipe(folder_ / "model"), "run", resumed));
  EXPECT_THAT(again.err, ::testing::Not(HasSubstr("before the first step")));
  EXPECT_EQ(json::parse(again.out)["general_ability"]["before"], ability["before"]);
  resumed.insert(resumed.end(), {"--set", "evaluate.knowledge_questions=2"});
  const ProgramResult fewer = run_manyshot(arguments(text_recipe(folder_ / "model"), "run", resumed));
  EXPECT_EQ(json::parse(fewer.out)["general_ability"]["before"]["knowledge_questions"], 2) << fewer.err;
}

TEST_F(TrainCommand, FilesToEvaluateOnAreCheckedBeforeTheRun) {
  const std::string recipe = text_recipe(folder_ / "model");
  expect_refused(recipe, {"--set", "evaluate.knowledge=" + folder_ / "none.csv"}, "none.csv");
  expect_refused(recipe, {"--set", "evaluate.knowledge=" + folder_.write("two.csv", "question,A\nx,y\n")}, "subject");
  expect_refused(recipe, {"--set", "evaluate.perplexity=" + folder_ / "none.txt"}, "none.txt");
  expect_refused(recipe, {"--set", "evaluate.perplexity=" + folder_.write("empty.txt", "")}, "the file is empty");
  expect_refused(recipe, {"--set", "evaluate.tables=" + folder_ / "none"}, "none");
  expect_refused(kCompactRecipe, {"--set", "evaluate.perplexity=" + folder_.write("text.txt", "a b")},
                 "are for language models");
  EXPECT_FALSE(fs::exists(folder_ / "refused"));
}

TEST_F(TrainCommand, AKilledCompactRunGoesOnToTheSameBits) {
  expect_same_bits_after_kill(kCompactRecipe, "checkpoint-10", "checkpoint-40");
}

TEST_F(TrainCommand, AKilledLoraRunGoesOnToTheSameBits) {
  expect_same_bits_after_kill(text_recipe(folder_ / "model"), "checkpoint-4", "checkpoint-12");
}

TEST_F(TrainCommand, CtrlCLeavesACheckpoint) {
  ProgramOptions interrupt;
  interrupt.meanwhile = [&](pid_t process) {
    while (!fs::exists(folder_ / "run/metrics.jsonl") && kill(process, 0) == 0) usleep(500);
    kill(process, SIGINT);
  };
  const ProgramResult result = run_manyshot(arguments(kCompactRecipe, "run"), interrupt);
  EXPECT_EQ(result.signal, SIGINT);
  EXPECT_THAT(result.err, HasSubstr("go on with --resume"));
  const ProgramResult resumed = run_manyshot(arguments(kCompactRecipe, "run", {"--resume", folder_ / "run"}));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
}

TEST_F(TrainCommand, AFinishedRunSaysSo) {
  const ProgramResult first = run_manyshot(arguments(kCompactRecipe, "run"));
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const ProgramResult again = run_manyshot(arguments(kCompactRecipe, "run", {"--resume", folder_ / "run"}));
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("all 40 steps are done, so nothing is trained now"));
  const auto loss_of = [](const std::string& text) {
    const size_t begin = text.rfind(", loss ");
    return text.substr(begin, text.find(',', begin + 1) - begin);
  };
  EXPECT_EQ(loss_of(again.err), loss_of(first.err));
  EXPECT_EQ(losses("run").size(), 40u);
}

TEST_F(TrainCommand, AdaptersMergeAndExport) {
  const std::string model = folder_ / "model";
  ASSERT_EQ(run_manyshot(arguments(text_recipe(model), "run")).exit_code, 0);
  const std::string adapter = folder_ / "run/checkpoint-12", merged = folder_ / "merged";
  const std::string request =
      folder_.write("in.jsonl", "{\"prompt\": \"the nurse\", \"continuations\": [\" is here\"]}\n");
  const auto score = [&](const std::string& path) {
    const ProgramResult result = run_manyshot({"score", "--model", path, "--in", request, "--dtype", "float32"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out)["logprobs"][0].get<double>();
  };
  const ProgramResult merging =
      run_manyshot({"merge", "--model", model, "--adapter", adapter, "--out", merged, "--dtype", "float32", "--json"});
  ASSERT_EQ(merging.exit_code, 0) << merging.err;
  expect_documented(json::parse(merging.out), "merge");
  EXPECT_NE(score(merged), score(model));
  const std::string gguf = folder_ / "merged.gguf";
  const ProgramResult exporting =
      run_manyshot({"export", "--model", merged, "--to", "gguf", "--dtype", "float32", "--out", gguf, "--json"});
  ASSERT_EQ(exporting.exit_code, 0) << exporting.err;
  expect_documented(json::parse(exporting.out), "export");
  EXPECT_NEAR(score(gguf), score(merged), 1e-5);
  const std::string direct = folder_ / "direct.gguf";
  ASSERT_EQ(run_manyshot(
                {"export", "--model", model, "--adapter", adapter, "--to", "gguf", "--dtype", "q8_0", "--out", direct})
                .exit_code,
            0);
  EXPECT_NEAR(score(direct), score(merged), 0.05);
  const std::string folder = folder_ / "back";
  ASSERT_EQ(
      run_manyshot({"export", "--model", gguf, "--to", "safetensors", "--dtype", "float32", "--out", folder}).exit_code,
      0);
  EXPECT_NEAR(score(folder), score(merged), 1e-5);
  ASSERT_EQ(run_manyshot({"export", "--model", adapter, "--to", "peft", "--out", folder_ / "adapter"}).exit_code, 0);
  EXPECT_EQ(content_of(folder_ / "adapter/adapter_model.safetensors"),
            content_of(adapter + "/adapter_model.safetensors"));
  const json config = json::parse(content_of(folder_ / "adapter/adapter_config.json"));
  EXPECT_EQ(config["base_model_name_or_path"], fs::absolute(model).string()) << "the model tells no id";
  EXPECT_EQ(content_of(folder_ / "adapter/README.md"), content_of(adapter + "/README.md"));
  ASSERT_EQ(run_manyshot(
                {"export", "--model", adapter, "--to", "peft", "--base-name", "owner/base", "--out", folder_ / "named"})
                .exit_code,
            0);
  EXPECT_EQ(json::parse(content_of(folder_ / "named/adapter_config.json"))["base_model_name_or_path"], "owner/base");
  EXPECT_THAT(content_of(folder_ / "named/README.md"),
              AllOf(StartsWith("---\nbase_model: owner/base\nlibrary_name: peft\n"), HasSubstr("Rank 2, scale "),
                    HasSubstr("- stage main: tasks drawn from a prior (mlp)"),
                    HasSubstr("from_pretrained(\"owner/base\")"), HasSubstr("--adapter ADAPTER")));
  const std::string half = folder_ / "half";
  ASSERT_EQ(
      run_manyshot({"export", "--model", adapter, "--to", "peft", "--dtype", "bfloat16", "--out", half}).exit_code, 0);
  EXPECT_LT(fs::file_size(half + "/adapter_model.safetensors"),
            0.7 * static_cast<double>(fs::file_size(adapter + "/adapter_model.safetensors")));
  EXPECT_EQ(run_manyshot({"merge", "--model", model, "--adapter", half, "--out", folder_ / "of_half"}).exit_code, 0);
  const ProgramResult quantised =
      run_manyshot({"export", "--model", adapter, "--to", "peft", "--dtype", "q8_0", "--out", folder_ / "y"});
  EXPECT_EQ(quantised.exit_code, 2);
  EXPECT_THAT(quantised.err, HasSubstr("safetensors files hold float32, float16 or bfloat16"));
  const ProgramResult no_adapter = run_manyshot({"export", "--model", model, "--to", "peft", "--out", folder_ / "x"});
  EXPECT_EQ(no_adapter.exit_code, 2);
  EXPECT_THAT(no_adapter.err, HasSubstr("holds no adapter"));
}

TEST_F(TrainCommand, AdaptersNameTheirBase) {
  const auto base_of = [&](const std::string& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> list{"--set", "stage.main.steps=1", "--set", "evaluate.tasks=0"};
    list.insert(list.end(), more.begin(), more.end());
    EXPECT_EQ(run_manyshot(arguments(text_recipe(folder_ / "model"), out, list)).exit_code, 0);
    return json::parse(content_of(folder_ / (out + "/checkpoint-1/adapter_config.json")))["base_model_name_or_path"];
  };
  json config = json::parse(content_of(folder_ / "model/config.json"));
  config["_name_or_path"] = "owner/small-1.5";
  folder_.write("model/config.json", config.dump());
  EXPECT_EQ(base_of("told"), "owner/small-1.5");
  EXPECT_EQ(base_of("given", {"--set", "lora.base_name=other/name"}), "other/name");
  config["_name_or_path"] = "./somewhere/else";
  folder_.write("model/config.json", config.dump());
  EXPECT_EQ(base_of("path"), fs::absolute(folder_ / "model").string());
}

TEST_F(TrainCommand, ModelsAreAskedInTheFormTheyWereTrainedIn) {
  const std::string model = folder_ / "model", adapter = folder_ / "run/checkpoint-12";
  ASSERT_EQ(run_manyshot(arguments(text_recipe(model), "run", {"--set", "stage.main.corpus.format=tabllm"})).exit_code,
            0);
  const std::string train = folder_.write("train.csv", "a,b,label\n1,2,x\n2,1,y\n3,5,x\n4,4,y\n"),
                    test = folder_.write("test.csv", "a,b\n2,2\n5,4\n");
  const auto output = [&](std::vector<std::string> list, const std::vector<std::string>& more) {
    list.insert(list.end(), {"--train", train, "--test", test, "--target", "label"});
    list.insert(list.end(), more.begin(), more.end());
    const ProgramResult result = run_manyshot(list);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  const std::vector<std::string> adapted{"predict", "--model", model, "--adapter", adapter};
  const std::string as_trained = output(adapted, {});
  EXPECT_EQ(as_trained, output(adapted, {"--format", "tabllm", "--chat", "trained"}));
  EXPECT_NE(as_trained, output(adapted, {"--chat", "raw"}));
  EXPECT_NE(as_trained, output(adapted, {"--format", "concat"}));
  EXPECT_EQ(json::parse(content_of(adapter + "/manyshot_prompt.json"))["columns"], 3) << "features = \"2:3\"";

  // The form comes along with merged and exported weights.
  const std::string merged = folder_ / "merged", exported = folder_ / "exported", peft = folder_ / "peft";
  ASSERT_EQ(run_manyshot({"merge", "--model", model, "--adapter", adapter, "--out", merged}).exit_code, 0);
  ASSERT_EQ(run_manyshot({"export", "--model", merged, "--out", exported}).exit_code, 0);
  ASSERT_EQ(run_manyshot({"export", "--model", adapter, "--to", "peft", "--out", peft}).exit_code, 0);
  const std::string prompt = output({"prompt", "--model", model}, {"--format", "tabllm", "--chat", "trained"});
  EXPECT_EQ(output({"prompt", "--model", merged}, {}), prompt);
  EXPECT_EQ(output({"prompt", "--model", exported}, {}), prompt);
  EXPECT_EQ(output({"predict", "--model", model, "--adapter", peft}, {}), as_trained);

  folder_.write("merged/manyshot_prompt.json", R"({"format": "concat", "chat": "llama"})");
  const ProgramResult damaged =
      run_manyshot({"prompt", "--model", merged, "--train", train, "--test", test, "--target", "label"});
  EXPECT_EQ(damaged.exit_code, 2);
  EXPECT_THAT(damaged.err, AllOf(HasSubstr("manyshot_prompt.json"), HasSubstr("\"llama\"; there are raw, chatml")));
}

TEST_F(TrainCommand, CheckSaysWhatARunNeeds) {
  const ProgramResult result = run_manyshot(arguments(kCompactRecipe, "run", {"--check"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("compact decoder, 1 + 2 layers of width 32"), HasSubstr("main: 40 steps, 160 samples"),
                    HasSubstr("memory   about"), HasSubstr("before training")));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
  EXPECT_THAT(run_manyshot({"train", "--keys"}).out, HasSubstr("`lora.rank`"));
  const json keys = json::parse(run_manyshot({"train", "--keys", "--json"}).out);
  expect_documented(keys, "train");
  EXPECT_EQ(keys["file"][0]["name"], "seed");
}

// Llama 7B by its config.json, with the tokenizer of the small model and without any weights.
std::string write_large_model(const TemporaryFolder& folder) {
  fs::create_directory(folder / "large");
  fs::copy(folder / "model/tokenizer.json", folder / "large/tokenizer.json");
  folder.write("large/config.json",
               R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
                   "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
                   "num_key_value_heads": 32, "vocab_size": 32000, "max_position_embeddings": 4096})");
  return folder / "large";
}

ProgramOptions limited_to(rlim_t gibibytes) {
  ProgramOptions options;
  options.prepare = [gibibytes] {
    const rlimit limit{gibibytes << 30, gibibytes << 30};
    setrlimit(RLIMIT_AS, &limit);
  };
  return options;
}

TEST_F(TrainCommand, WhatGpusWouldTakeIsSaidWithoutThem) {
  const std::string recipe = text_recipe(write_large_model(folder_));
  const auto check = [&](const std::vector<std::string>& more) {
    std::vector<std::string> given{"--check", "--json", "--gpus", "8"};
    given.insert(given.end(), more.begin(), more.end());
    const ProgramResult result = run_manyshot(arguments(recipe, "run", given));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out)["stages"][0];
  };
  const json stage = check({});
  // 12 steps of 2 samples of about 500 tokens through 6.6 billion weights, four operations each and more.
  EXPECT_GT(stage["flops"].get<double>(), 4 * 6.5e9 * 24 * 200);
  EXPECT_LT(stage["flops"].get<double>(), 8 * 6.7e9 * 24 * 2000);
  EXPECT_NEAR(stage["gpu_seconds"].get<double>(), stage["flops"].get<double>() / (8 * 150e12), 1e-6);
  EXPECT_GT(stage["gpu_bytes"].get<double>(), 2 * 6.5e9) << "the frozen weights alone";
  EXPECT_NEAR(check({"--gpu-tflops", "300"})["gpu_seconds"].get<double>(), stage["gpu_seconds"].get<double>() / 2,
              1e-6);
  const ProgramResult text = run_manyshot(arguments(recipe, "run", {"--check", "--gpus", "1"}));
  EXPECT_THAT(text.out, HasSubstr("gpus     1 of 150 TFLOP/s: about "));
  expect_refused(recipe, {"--gpus", "8"}, "--gpus 8 is for --check");
}

TEST_F(TrainCommand, ShippedRecipesTrainSmallModelsOfTheirShape) {
  fs::create_directory(folder_ / "qwen2");
  write_tiny_text_model(folder_ / "qwen2", 8192, LanguageArchitecture::kQwen2);
  const char* source = std::getenv("MANYSHOT_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  for (const auto& [name, stages] :
       {std::pair<std::string, std::vector<std::string>>{"machinelearninglm-7b", {"warmup", "main"}},
        {"machinelearninglm-1.5b", {"warmup", "main"}},
        {"smollm2", {"warmup", "main"}},
        {"smollm2-lines", {"main", "anneal"}},
        {"smollm2-longer", {"main", "anneal"}}}) {
    std::vector<std::string> given{
        "--set", "model.base=" + (folder_ / "qwen2"), "--set", "evaluate.tasks=0", "--set", "lora.adapter="};
    for (const std::string& stage : stages) {
      for (const char* change : {"tasks=0", "steps=5", "batch=2", "accumulation=1", "grow=", "corpus.shots=8:24",
                                 "corpus.features=2:4", "max_tokens=8000"}) {
        given.insert(given.end(), {"--set", "stage." + stage + "." + change});
      }
    }
    const std::string recipe = content_of(std::string(source) + "/recipes/" + name + ".toml");
    const ProgramResult result = run_manyshot(arguments(recipe, name, given));
    ASSERT_EQ(result.exit_code, 0) << name << ": " << result.err;
    EXPECT_EQ(losses(name).size(), 10u) << name;
    for (const double loss : losses(name)) EXPECT_TRUE(std::isfinite(loss)) << name;
    EXPECT_TRUE(fs::exists(folder_ / (name + "/checkpoint-10/adapter_model.safetensors")));
  }
}

TEST_F(TrainCommand, MemoryIsJudgedBeforeTheWeightsAreRead) {
  const std::string recipe = text_recipe(write_large_model(folder_));
  const ProgramOptions limited = limited_to(8);
  const ProgramResult check = run_manyshot(arguments(recipe, "run", {"--check", "--json"}), limited);
  ASSERT_EQ(check.exit_code, 0) << check.err;
  expect_documented(json::parse(check.out), "train");
  const json stage = json::parse(check.out)["stages"][0];
  EXPECT_FALSE(stage["fits"]);
  EXPECT_GT(stage["memory_bytes"], 26'000'000'000u) << "6.6 billion weights, in both packings";
  EXPECT_GE(stage["ways_to_fit"].size(), 2u) << stage;
  EXPECT_THAT(stage["ways_to_fit"].dump(), AllOf(HasSubstr("max_tokens = 2000"), HasSubstr("a smaller base")));

  const ProgramResult run = run_manyshot(arguments(recipe, "run"), limited);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, AllOf(HasSubstr("stage \"main\" needs about"), HasSubstr("this process may use 8.0 GiB"),
                             HasSubstr("ways to fit: ")));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(TrainCommand, TheLengthThatFitsIsNamed) {
  const ProgramOptions limited = limited_to(2);
  const auto check = [&](const std::string& max_tokens) {
    const ProgramResult result = run_manyshot(arguments(text_recipe(folder_ / "model"), "run",
                                                        {"--set", "stage.main.max_tokens=" + max_tokens, "--set",
                                                         "stage.main.corpus.max_tokens=1000000", "--check", "--json"}),
                                              limited);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out)["stages"][0];
  };
  const json stage = check("1000000");
  ASSERT_EQ(stage["fits"], false) << stage;
  const std::string way = stage["ways_to_fit"].back();
  ASSERT_THAT(way, StartsWith("max_tokens = "));
  EXPECT_THAT(way, ::testing::Not(HasSubstr("too much")));
  EXPECT_EQ(check(std::to_string(std::stoul(way.substr(13))))["fits"], true);
}

TEST_F(TrainCommand, MissingWeightsAreNamedBehindWhatTheConfigSays) {
  fs::remove(folder_ / "model/model.safetensors");
  const ProgramResult result = run_manyshot(arguments(text_recipe(folder_ / "model"), "run", {"--check"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, AllOf(HasSubstr("Llama, 2 layers"), HasSubstr("memory   about")));
  EXPECT_THAT(result.err, HasSubstr("safetensors"));
}

TEST_F(TrainCommand, ATokenizerThatDoesNotBelongToTheBaseIsRefused) {
  std::string config = content_of(folder_ / "model/config.json");
  const size_t at = config.find("\"vocab_size\"");
  ASSERT_NE(at, std::string::npos);
  config.replace(at, config.find(',', at) - at, "\"vocab_size\": 64");
  folder_.write("model/config.json", config);
  expect_refused(text_recipe(folder_ / "model"), {}, "they do not belong together");
}

TEST_F(TrainCommand, TokenFilesOfAnotherTokenizerAreRefused) {
  const ProgramResult corpus = run_manyshot({"corpus", "--tasks", "40", "--out", folder_ / "corpus", "--layout",
                                             "tokens", "--model", folder_ / "model", "--shots", "24:40", "--queries",
                                             "16", "--features", "2:3", "--classes", "2:2", "--prior", "mlp"});
  ASSERT_EQ(corpus.exit_code, 0) << corpus.err;
  const std::vector<std::string> from_files{
      "--set", "stage.main.data=tokens", "--set", "stage.main.path=" + folder_ / "corpus",
      "--set", "evaluate.tasks=0",       "--set", "stage.main.steps=2"};
  const std::string recipe = text_recipe(folder_ / "model");
  const ProgramResult good = run_manyshot(arguments(recipe, "run", from_files));
  EXPECT_EQ(good.exit_code, 0) << good.err;
  // The same vocabulary in another order: the tokens of the files now mean other texts.
  const std::string path = folder_ / "model/tokenizer.json";
  json tokenizer = json::parse(content_of(path));
  json& vocabulary = tokenizer["model"]["vocab"];
  for (auto& [token, id] : vocabulary.items()) {
    const int number = id.get<int>();
    if (number < 256) id = (number + 37) % 256;
  }
  std::ofstream(path) << tokenizer.dump();
  expect_refused(recipe, from_files, "tokenizer");
}

TEST_F(TrainCommand, ALossThatIsNoNumberStopsWithTheGoodCheckpointsLeft) {
  // Without clipping and with an absurd learning rate the weights grow beyond what f32 holds.
  const std::vector<std::string> absurd{"--set", "stage.main.learning_rate=1e30", "--set", "stage.main.clip=0",
                                        "--set", "stage.main.schedule=constant",  "--set", "checkpoint.every_steps=1",
                                        "--set", "stage.main.optimizer=adamw",    "--set", "evaluate.tasks=0"};
  expect_refused(kCompactRecipe, absurd, "the checkpoints before it are good: lower learning_rate or clip");
  EXPECT_TRUE(fs::exists(folder_ / "refused/checkpoint-1/state.safetensors"));
  EXPECT_THAT(content_of(folder_ / "refused/report.md"), HasSubstr("the run is not at its end"));
}

TEST_F(TrainCommand, BadInputIsNamed) {
  const std::string recipe = kCompactRecipe;
  expect_refused(recipe + "lerning_rate = 1\n", {}, "recipe.toml:31:1: unknown option \"corpus.lerning_rate\"");
  expect_refused(recipe, {"--set", "evaluate.knowlege=a.csv"}, "did you mean \"evaluate.knowledge\"?");
  expect_refused(recipe, {"--set", "stage.main.loss=all"}, "expected answer, labels or dense");
  expect_refused("[model]\nbase = \"nowhere\"\n[[stage]]\nsteps = 1\n", {}, "nowhere");
  expect_refused(text_recipe(folder_ / "model"), {"--set", "lora.targets=qq_proj"}, "qq_proj");
  expect_refused(text_recipe(folder_ / "model"), {"--set", "lora.adapter=" + folder_ / "none"}, "adapter_config.json");
  expect_refused(recipe, {"--resume", folder_ / "none"}, "no checkpoint here");
  const ProgramResult no_out = run_manyshot({"train", "--config", folder_.write("recipe.toml", recipe)});
  EXPECT_THAT(no_out.err, HasSubstr("--out is needed"));
  EXPECT_THAT(run_manyshot({"train"}).err, HasSubstr("--config names the recipe"));
}

TEST_F(TrainCommand, AnAdapterOfAnotherBaseIsRefused) {
  ASSERT_EQ(run_manyshot(arguments(text_recipe(folder_ / "model"), "run")).exit_code, 0);
  // The same adapter for a layer that the base lacks.
  const std::string path = folder_ / "run/checkpoint-12/adapter_model.safetensors";
  std::string bytes = content_of(path);
  for (size_t at; (at = bytes.find("layers.1.")) != std::string::npos;) bytes.replace(at, 9, "layers.7.");
  std::ofstream(path, std::ios::binary) << bytes;
  expect_refused(text_recipe(folder_ / "model"), {"--set", "lora.adapter=" + folder_ / "run/checkpoint-12"},
                 "layers.7.");
}

TEST_F(TrainCommand, AFullDiskLosesNothing) {
  ProgramOptions limited;
  limited.prepare = [] {
    const rlimit small{60'000, 60'000};  // smaller than a checkpoint's state
    setrlimit(RLIMIT_FSIZE, &small);
  };
  const ProgramResult result = run_manyshot(arguments(kCompactRecipe, "run"), limited);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("cannot write"));
  for (const auto& entry : fs::directory_iterator(folder_ / "run")) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("checkpoint-")));
  }
}

}  // namespace
}  // namespace manyshot
