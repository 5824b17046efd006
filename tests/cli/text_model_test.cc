// Language models on the command line: predict, prompt, tokenize, score and info, with a small model of random weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/models/tiny_text_model.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kTrain = "age,job,label\n30,nurse,no\n40,clerk,yes\n50,nurse,yes\n35,cook,no\n";
constexpr const char* kTest = "age,job,label\n35,clerk,yes\n60,nurse,no\n";

class TextModel : public ::testing::Test {
 protected:
  TextModel() {
    std::filesystem::create_directory(model());
    write_tiny_text_model(model());
  }
  std::string model() const { return folder_ / "model"; }
  ProgramResult run(const std::string& command, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{command, "--model", model()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments);
  }
  ProgramResult run_task(const std::string& command, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{
        "--train", folder_.write("train.csv", kTrain), "--test", folder_.write("test.csv", kTest), "--target", "label"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(command, arguments);
  }
  static void expect_refused(const ProgramResult& result, const std::vector<std::string>& parts) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    for (const std::string& part : parts) EXPECT_THAT(result.err, HasSubstr(part));
  }
  TemporaryFolder folder_;
};

TEST_F(TextModel, PredictsWithEveryFormat) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{},
                                               {"--format", "tabllm"},
                                               {"--labels", "names", "--ensemble", "3"},
                                               {"--compat", "repo", "--chat", "raw"},
                                               {"--answers", "sequential"}}) {
    const ProgramResult result = run_task("predict", more);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, StartsWith("row,prediction,p_no,p_yes\n0,"));
    EXPECT_THAT(result.err, HasSubstr("2 rows predicted, 2 classes, from 4 of 4 labelled rows"));
  }
}

TEST_F(TextModel, BytesDoNotDependOnThreads) {
  const std::string one = run_task("predict", {"--threads", "1", "--ensemble", "2"}).out;
  EXPECT_THAT(one, StartsWith("row,"));
  EXPECT_EQ(run_task("predict", {"--threads", "2", "--ensemble", "2"}).out, one);
  EXPECT_EQ(run_task("predict", {"--threads", "7", "--ensemble", "2"}).out, one);
}

TEST_F(TextModel, PromptIsThePublishedText) {
  const ProgramResult result = run_task("prompt", {"--chat", "raw", "--queries", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(StartsWith("You are an AI assistant. Your task is supervised "
                                           "classification.\n\n[Data]\n• Each sample = 2 features + 1 label.  Label "
                                           "set = [0, 1].  \n"),
                                HasSubstr("[Training set]  (order of rows does NOT matter)  \n4 rows:  \n"),
                                HasSubstr("\n2 rows:  \nID 0:"), HasSubstr("\nID 1:"),
                                EndsWith("Do not output anything except the JSON array.\n\n")));
  EXPECT_THAT(run_task("prompt").out,
              AllOf(StartsWith("<|im_start|>system\n"), EndsWith("<|im_end|>\n<|im_start|>assistant\n\n")));
  EXPECT_THAT(run_task("prompt", {"--labels", "names"}).out, HasSubstr("Label set = [\"no\", \"yes\"]"));
}

TEST_F(TextModel, PromptTokensAreThoseOfTheText) {
  // A score request with the prompt as text has as many tokens as the prompt has.
  const std::string text = run_task("prompt", {"--queries", "1"}).out;
  const json tokens = json::parse(run_task("prompt", {"--queries", "1", "--layout", "tokens"}).out);
  const json request{
      {"prompt", "<|im_start|>"},
      {"continuations",
       {text.substr(std::string("<|im_start|>").size(), text.size() - 1 - std::string("<|im_start|>").size())}}};
  const json scored = json::parse(run("score", {"--in", folder_.write("in.jsonl", request.dump())}).out);
  EXPECT_EQ(scored["tokens"][0], tokens.size() - 1);
}

TEST_F(TextModel, AlpacaAndMessagesCarryTheTrueAnswers) {
  const json alpaca = json::parse(run_task("prompt", {"--layout", "alpaca", "--labels", "names"}).out);
  EXPECT_EQ(alpaca["instruction"], "You are an AI assistant. Your task is supervised classification.");
  EXPECT_EQ(alpaca["output"], R"([{"id": 0, "label": "yes"}, {"id": 1, "label": "no"}])");
  const json messages = json::parse(run_task("prompt", {"--layout", "messages", "--labels", "names"}).out)["messages"];
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1]["content"], alpaca["input"]);
  EXPECT_EQ(messages[2]["content"], alpaca["output"]);
}

TEST_F(TextModel, TokenizeTakesFilesAndStandardInput) {
  const ProgramResult result = run("tokenize", {folder_.write("lines.txt", "380,nurse|0\n\n<|im_end|>\n")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::istringstream lines(result.out);
  std::string first, second, third, end;
  std::getline(lines, first);
  std::getline(lines, second);
  std::getline(lines, third);
  EXPECT_FALSE(std::getline(lines, end));
  EXPECT_GT(json::parse(first).size(), 5u);
  EXPECT_EQ(second, "[]");
  EXPECT_GT(json::parse(third).size(), 1u) << "special tokens are plain text unless asked for";
  EXPECT_THAT(run("tokenize", {folder_ / "lines.txt", "--special"}).out, EndsWith("\n[2]\n"));
}

TEST_F(TextModel, TokenizeGoesBackToTheText) {
  const std::string text = "380,nurse|0\n\n\xC3\xA4 <|im_end|> caf\xC3\xA9\n";
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--special"}}) {
    std::vector<std::string> arguments{folder_.write("lines.txt", text)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string ids = run("tokenize", arguments).out;
    EXPECT_EQ(run("tokenize", {folder_.write("ids.txt", ids), "--decode"}).out, text);
  }
  EXPECT_EQ(run("tokenize", {folder_.write("ids.txt", "2 2,2\n"), "--decode"}).out, "<|im_end|><|im_end|><|im_end|>\n");
  EXPECT_THAT(run("tokenize", {folder_.write("ids.txt", "[2]\n[2, x]\n"), "--decode"}).err,
              HasSubstr("ids.txt:2: \"x\" is no token id"));
  const ProgramResult outside = run("tokenize", {folder_.write("ids.txt", "[556]\n"), "--decode"});
  EXPECT_EQ(outside.exit_code, 2);
  EXPECT_THAT(outside.err, HasSubstr("ids.txt:1: token 556 is not among the tokenizer's 0 to 555"));
}

TEST_F(TextModel, ScoreSumsContinuationsAndSharesPrefixes) {
  const std::string requests =
      folder_.write("in.jsonl",
                    "{\"prompt\": \"the nurse\", \"continuations\": [\" is\", \" is here\", \"\"], \"id\": 7}\n\n"
                    "{\"prompt\": \"the nurse is\", \"continuations\": [\" here\"]}\n");
  const ProgramResult result = run("score", {"--in", requests, "--dtype", "float32"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::istringstream lines(result.out);
  std::string text;
  std::getline(lines, text);
  const json first = json::parse(text);
  std::getline(lines, text);
  const json second = json::parse(text);
  EXPECT_EQ(first["id"], 7);
  EXPECT_EQ(first["logprobs"][2], 0);
  EXPECT_EQ(first["tokens"][2], 0);
  EXPECT_LT(first["logprobs"][0], 0);
  // ln p(" is here") = ln p(" is") + ln p(" here" behind it).
  EXPECT_NEAR(first["logprobs"][1].get<double>(),
              first["logprobs"][0].get<double>() + second["logprobs"][0].get<double>(), 1e-4);
  EXPECT_EQ(run("score", {"--in", requests, "--dtype", "float32", "--threads", "7"}).out, result.out);
}

TEST_F(TextModel, ScoreNamesBadLinesAndAnswersTheOthers) {
  const std::string long_text(20'000, 'a');
  const std::string good = "{\"prompt\": \"a\", \"continuations\": [\" b\"]}\n";
  const std::string requests = folder_.write(
      "in.jsonl", good + "{\"prompt\": 3, \"id\": 7}\n\nnonsense\n{\"prompt\": \"\", \"continuations\": [\" b\"]}\n" +
                      "{\"prompt\": \"" + long_text + "\", \"continuations\": [\" b\"]}\n" + good);
  const ProgramResult result = run("score", {"--in", requests, "--out", folder_ / "out.jsonl"});
  EXPECT_EQ(result.exit_code, 2);
  for (const char* part : {"in.jsonl:2: expected", "in.jsonl:4: expected", "in.jsonl:5: prompt \"\" is empty",
                           "in.jsonl:6: ", "4 of 6 lines could not be scored"}) {
    EXPECT_THAT(result.err, HasSubstr(part));
  }
  std::istringstream lines(content_of(folder_ / "out.jsonl"));
  std::vector<json> answers;
  for (std::string line; std::getline(lines, line);) answers.push_back(json::parse(line));
  ASSERT_EQ(answers.size(), 6u);
  EXPECT_EQ(answers[1]["id"], 7);
  for (const size_t place : {1, 2, 3, 4}) {
    EXPECT_TRUE(answers[place].contains("error")) << place;
    EXPECT_FALSE(answers[place].contains("logprobs")) << place;
  }
  EXPECT_EQ(answers[0]["logprobs"].size(), 1u);
  EXPECT_EQ(answers[5], answers[0]) << "bad lines change no answer";
}

TEST_F(TextModel, InputsThatCannotBeScoredAreRefused) {
  expect_refused(run("score", {"--in", folder_ / "nowhere.jsonl"}), {"nowhere.jsonl"});
  expect_refused(run("score", {"--in", model()}), {"is a folder"});
  expect_refused(run("tokenize", {model()}), {"is a folder"});
  const std::string requests = folder_.write("in.jsonl", "{\"prompt\": \"a\", \"continuations\": [\" b\"]}\n");
  expect_refused(run_manyshot({"score", "--model", "default", "--in", requests}), {"no language model"});
}

TEST_F(TextModel, ATestRowThatIsTooLongIsNamedBeforeAnythingIsComputed) {
  const std::string test =
      folder_.write("long.csv", "age,job,label\n35,clerk,yes\n60," + std::string(20'000, 'a') + ",no\n");
  for (const char* answers : {"scored", "sequential"}) {
    const ProgramResult result =
        run("predict", {"--train", folder_.write("train.csv", kTrain), "--test", test, "--target", "label", "--answers",
                        answers, "--out", folder_ / "out.csv"});
    expect_refused(result,
                   {"long.csv: row 1 (counted from 0) is ", " tokens long, behind ", "the model's window holds "});
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out.csv"));
  }
}

TEST_F(TextModel, InfoReadsHeadersOnly) {
  const ProgramResult result = run("info");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("Llama, 2 layers, width 32"), HasSubstr("byte-level BPE, 556 tokens"),
                                HasSubstr("keys and values a token")));
  const json facts = json::parse(run("info", {"--json"}).out);
  EXPECT_EQ(facts["num_key_value_heads"], 2);
  EXPECT_EQ(facts["tokenizer"]["bos"], "<|im_start|>");
}

TEST_F(TextModel, DamagedAndForeignFilesAreNamed) {
  folder_.write("model/tokenizer.json", "{\"model\": {\"type\": \"WordPiece\"}}");
  expect_refused(run_task("predict"), {"tokenizer.json", "WordPiece"});
  write_tiny_text_model(model());
  json config = json::parse(content_of(model() + "/config.json"));
  config["architectures"] = {"MambaForCausalLM"};
  config["model_type"] = "mamba";
  folder_.write("model/config.json", config.dump());
  expect_refused(run_task("predict"), {"config.json", "MambaForCausalLM"});
  write_tiny_text_model(model());
  const std::string weights = content_of(model() + "/model.safetensors");
  folder_.write("model/model.safetensors", weights.substr(0, weights.size() / 2));
  expect_refused(run_task("predict", {"--out", folder_ / "out.csv"}), {"model.safetensors"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.csv"));
  folder_.write("model.gguf", "GGUF\x03");
  expect_refused(run_manyshot({"info", "--model", folder_ / "model.gguf"}), {"model.gguf"});
}

TEST_F(TextModel, AdapterOfAnotherBaseIsRefused) {
  std::filesystem::create_directory(folder_ / "adapter");
  write_tiny_adapter(folder_ / "adapter");
  EXPECT_EQ(run_task("predict", {"--adapter", folder_ / "adapter"}).exit_code, 0);
  write_tiny_text_model(model(), 8192, LanguageArchitecture::kQwen2);
  const ProgramResult same_shape = run_task("predict", {"--adapter", folder_ / "adapter"});
  EXPECT_EQ(same_shape.exit_code, 0) << "shapes fit: nothing tells the bases apart";
  expect_refused(run_task("predict", {"--adapter", folder_ / "nowhere"}), {"adapter_config.json"});
}

class TextModelAdapter : public TextModel {
 protected:
  TextModelAdapter() {
    std::filesystem::create_directory(adapter());
    write_tiny_adapter(adapter());
  }
  std::string adapter() const { return folder_ / "adapter"; }
};

TEST_F(TextModelAdapter, ScoreTakesIt) {
  const std::string requests =
      folder_.write("in.jsonl", R"({"prompt": "the nurse", "continuations": [" is", " was"]})");
  ASSERT_EQ(run("merge", {"--adapter", adapter(), "--out", folder_ / "merged", "--dtype", "float32"}).exit_code, 0);
  const ProgramResult result = run("score", {"--adapter", adapter(), "--in", requests, "--dtype", "float32"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            run_manyshot({"score", "--model", folder_ / "merged", "--in", requests, "--dtype", "float32"}).out);
  EXPECT_NE(result.out, run("score", {"--in", requests, "--dtype", "float32"}).out);
}

TEST_F(TextModelAdapter, InfoSaysWhatItIs) {
  const ProgramResult result = run_manyshot({"info", "--model", adapter()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("LoRA adapter, not a model"), HasSubstr("Rank 2, scale 2"),
                                HasSubstr("2 x down_proj, 2 x q_proj")));
  const json facts = json::parse(run_manyshot({"info", "--model", adapter(), "--json"}).out);
  EXPECT_EQ(facts["kind"], "lora adapter");
  EXPECT_EQ(facts["ranks"], json::array({2}));
  EXPECT_EQ(facts["modules"]["q_proj"], 2);
}

TEST_F(TextModelAdapter, InAModelsPlaceIsNamed) {
  const std::string out = folder_ / "out";
  const std::vector<std::string> words{"adapter: is a LoRA adapter, not a model", "with --adapter"};
  expect_refused(run_manyshot({"export", "--model", adapter(), "--to", "gguf", "--out", out}), words);
  expect_refused(run_manyshot({"merge", "--model", adapter(), "--adapter", adapter(), "--out", out}), words);
  expect_refused(run_manyshot({"score", "--model", adapter(), "--in", folder_.write("in.jsonl", "")}), words);
  expect_refused(
      run_manyshot({"score", "--model", adapter() + "/adapter_model.safetensors", "--in", folder_ / "in.jsonl"}),
      words);
  expect_refused(run("score", {"--adapter", model(), "--in", folder_ / "in.jsonl"}), {"is a model, not an adapter"});
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(TextModelAdapter, WhatItsFileDoesNotChooseIsNoted) {
  json config = json::parse(content_of(adapter() + "/adapter_config.json"));
  config["target_modules"] = {"q_proj"};
  folder_.write("adapter/adapter_config.json", config.dump());
  const ProgramResult result = run_task("predict", {"--adapter", adapter()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("note: " + adapter() +
                                    ": the factors of 2 of 4 modules are left out (first "
                                    "\"model.layers.0.mlp.down_proj\")"));
  config["init_lora_weights"] = "pissa_niter_16";
  folder_.write("adapter/adapter_config.json", config.dump());
  expect_refused(run_task("predict", {"--adapter", adapter(), "--out", folder_ / "out.csv"}), {"pissa_niter_16"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.csv"));
}

TEST_F(TextModelAdapter, OtherKindsOfFilesAreNamed) {
  namespace fs = std::filesystem;
  fs::rename(model() + "/model.safetensors", model() + "/pytorch_model.bin");
  expect_refused(run_task("predict"), {"pytorch_model.bin, a PyTorch pickle", "save_pretrained"});
  expect_refused(run_manyshot({"info", "--model", model() + "/pytorch_model.bin"}), {"a PyTorch pickle"});
  fs::remove(model() + "/pytorch_model.bin");
  folder_.write("model/model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n");
  expect_refused(run_task("predict"), {"model.safetensors: is a Git LFS pointer", "5,000 bytes"});
  fs::remove(model() + "/tokenizer.json");
  folder_.write("model/tokenizer.model", "\x0a\x0e");
  expect_refused(run_task("predict"), {"tokenizer.model, a SentencePiece model"});
  write_tiny_text_model(model());

  fs::rename(adapter() + "/adapter_model.safetensors", adapter() + "/adapter_model.bin");
  expect_refused(run_task("predict", {"--adapter", adapter()}), {"adapter_model.bin, a PyTorch pickle", "PEFT"});
  folder_.write("lora.gguf", "GGUF\x03");
  expect_refused(run_task("predict", {"--adapter", folder_ / "lora.gguf"}), {"is a GGUF file", "adapter_config.json"});
}

}  // namespace
}  // namespace manyshot
