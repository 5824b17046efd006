// --json: one object on one line from every command, with the keys of docs/formats/json.md, and errors in the same way.
// train, merge and export: train_command_test.cc.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/documented_keys.h"
#include "support/models/tiny_text_model.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class JsonOutput : public ::testing::Test {
 protected:
  JsonOutput() {
    std::filesystem::create_directory(model());
    write_tiny_text_model(model());
  }
  std::string model() const { return folder_ / "model"; }
  std::vector<std::string> task(const std::string& command) const {
    return {command,
            "--train",
            folder_.write("train.csv", "age,job,label\n30,nurse,no\n40,clerk,yes\n50,nurse,yes\n35,cook,no\n"),
            "--test",
            folder_.write("test.csv", "age,job,label\n35,clerk,yes\n60,nurse,no\n"),
            "--target",
            "label"};
  }
  static ProgramResult run(std::vector<std::string> arguments, const std::vector<std::string>& more = {}) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--json", "--quiet"});
    return run_manyshot(arguments);
  }
  // The summary, one line and nothing else on the stream; checked against the page.
  static json summary(const std::string& stream, const std::string& command) {
    EXPECT_EQ(std::count(stream.begin(), stream.end(), '\n'), 1) << stream;
    const json result = json::parse(stream, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(result.is_object()) << stream;
    expect_documented(result, command);
    return result;
  }
  TemporaryFolder folder_;
};

TEST_F(JsonOutput, IsOnStandardErrorWhereStandardOutputCarriesTheResult) {
  const ProgramResult to_file = run(task("predict"), {"--model", "majority", "--out", folder_ / "out.csv"});
  EXPECT_EQ(summary(to_file.out, "predict")["queries"], 2);
  EXPECT_THAT(to_file.err, IsEmpty());

  const ProgramResult to_stdout = run(task("predict"), {"--model", "majority"});
  EXPECT_THAT(to_stdout.out, HasSubstr("row,prediction"));
  EXPECT_EQ(summary(to_stdout.err, "predict")["options"]["model"], "majority");
}

TEST_F(JsonOutput, OfTokenizePromptAndScore) {
  const std::string text = folder_.write("text.txt", "the nurse\nworks\n");
  const ProgramResult tokens = run({"tokenize", "--model", model(), text});
  const json counted = summary(tokens.err, "tokenize");
  EXPECT_EQ(counted["lines"], 2);
  size_t num_tokens = 0;
  std::istringstream lines(tokens.out);
  for (std::string line; std::getline(lines, line);) num_tokens += json::parse(line).size();
  EXPECT_EQ(counted["tokens"], num_tokens);
  const ProgramResult texts = run({"tokenize", "--model", model(), "--decode", folder_.write("ids.txt", tokens.out)});
  EXPECT_EQ(texts.out, content_of(text));
  EXPECT_EQ(summary(texts.err, "tokenize")["tokens"], num_tokens);

  const ProgramResult prompt = run(task("prompt"), {"--model", model(), "--out", folder_ / "prompt.txt"});
  EXPECT_EQ(summary(prompt.out, "prompt")["bytes"], content_of(folder_ / "prompt.txt").size());

  const std::string questions =
      folder_.write("q.jsonl", "{\"prompt\": \"the\", \"continuations\": [\" nurse\", \" cook\"]}\n");
  const ProgramResult scores = run({"score", "--model", model(), "--in", questions, "--out", folder_ / "s.jsonl"});
  EXPECT_EQ(summary(scores.out, "score")["continuations"], 2) << scores.err;
}

TEST_F(JsonOutput, OfGenerate) {
  const std::string prompts = folder_.write("p.jsonl", "{\"prompt\": \"the\"}\n{\"prompt\": \"nurse\"}\n");
  const std::vector<std::string> generate{"generate", "--model", model(), "--max-tokens", "4"};
  std::vector<std::string> lines = generate, one = generate;
  lines.insert(lines.end(), {"--in", prompts, "--samples", "2", "--out", folder_ / "g.jsonl"});
  one.insert(one.end(), {"--prompt", "the"});
  const json counted = summary(run(lines).out, "generate");
  EXPECT_EQ(counted["prompts"], 2);
  EXPECT_EQ(counted["texts"], 4);
  EXPECT_EQ(summary(run(one).err, "generate")["tokens"], 4);
}

TEST_F(JsonOutput, OfSynthAndCorpus) {
  const std::vector<std::string> synth{"synth", "--prior", "mlp", "--rows", "40", "--tasks", "2"};
  EXPECT_EQ(summary(run(synth, {"--out", folder_ / "tasks"}).out, "synth")["written"], 2);
  EXPECT_EQ(summary(run(synth, {"--gallery", folder_ / "page.html"}).out, "synth")["tasks"], 2);
  EXPECT_EQ(summary(run(synth, {"--explain", "1"}).err, "synth")["explained"], 1);
  const ProgramResult corpus = run({"corpus", "--tasks", "2", "--filter-tasks=false", "--out", folder_ / "corpus"});
  EXPECT_EQ(summary(corpus.out, "corpus")["drawn"], 2) << corpus.err;
}

TEST_F(JsonOutput, OfEvaluate) {
  const std::string table = folder_.write("table.csv", [] {
    std::string rows = "a,b,label\n";
    for (int row = 0; row < 60; ++row) rows += fmt::format("{},{},{}\n", row, row * 7 % 11, row % 2 == 0 ? "x" : "y");
    return rows;
  }());
  const std::string text = folder_.write("text.txt", "the nurse works in the hospital.\n");
  const std::vector<std::string> ability{"evaluate", "--models", model(), "--perplexity", text};
  EXPECT_EQ(summary(run(ability).out, "evaluate")["general_ability"].size(), 1u);
  const std::vector<std::string> tables{"evaluate", "--tables", table,   "--models",   "majority",
                                        "--shots",  "8",        "--out", folder_ / "r"};
  EXPECT_EQ(summary(run(tables).out, "evaluate")["averages"].size(), 1u);
  summary(run({"evaluate", "--report-only", "--out", folder_ / "r"}).out, "evaluate");
}

TEST_F(JsonOutput, OfInfoIsTheDescription) {
  const ProgramResult result = run({"info", "--table", folder_.write("t.csv", "a,b\n1,2\n3,4\n")});
  EXPECT_EQ(json::parse(result.out)["rows"], 2);
}

TEST_F(JsonOutput, OfAnErrorIsTheLastLineOfStandardError) {
  const auto error_of = [](const ProgramResult& result) {
    EXPECT_THAT(result.out, IsEmpty());
    const json error = json::parse(result.err, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(error.is_object()) << result.err;
    EXPECT_EQ(error["exit_code"], result.exit_code);
    return error;
  };
  const json missing = error_of(run({"info", "--table", "nowhere.csv"}));
  EXPECT_EQ(missing["kind"], "not_found");
  EXPECT_THAT(missing["message"].get<std::string>(), HasSubstr("nowhere.csv"));
  EXPECT_EQ(error_of(run({"predict", "--trian", "a.csv"}))["kind"], "bad_input") << "an option that does not parse";
  EXPECT_EQ(error_of(run({"predikt"}))["kind"], "bad_input");
  EXPECT_EQ(error_of(run(task("predict"), {"--device", "cuda"}))["kind"], "unsupported");

  const std::string config = folder_.write("options.toml", "json = true\n");
  const ProgramResult by_config = run_manyshot({"info", "--table", "nowhere.csv", "--config", config});
  EXPECT_EQ(error_of(by_config)["kind"], "not_found");
  const ProgramResult for_people = run_manyshot({"info", "--table", "nowhere.csv", "--json=false"});
  EXPECT_THAT(for_people.err, HasSubstr("error: nowhere.csv"));
}

}  // namespace
}  // namespace manyshot
