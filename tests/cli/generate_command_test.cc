// manyshot generate, with a small model of random weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GenerateCommand : public ::testing::Test {
 protected:
  GenerateCommand() {
    std::filesystem::create_directory(model());
    write_tiny_text_model(model(), /*context_window=*/128);
  }
  std::string model() const { return folder_ / "model"; }
  ProgramResult run(std::vector<std::string> more, const ProgramOptions& options = {}) const {
    std::vector<std::string> arguments{"generate", "--model", model(), "--max-tokens", "12"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments, options);
  }
  static std::vector<json> parsed(const std::string& text) {
    std::vector<json> result;
    for (const std::string& line : lines_of(text)) result.push_back(json::parse(line));
    return result;
  }
  void expect_refused(const std::vector<std::string>& arguments, const std::string& message) const {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2) << message;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr(message));
  }
  TemporaryFolder folder_;
};

TEST_F(GenerateCommand, StreamsTheTextOfOnePrompt) {
  const ProgramResult streamed = run({"--prompt", "the nurse"});
  ASSERT_EQ(streamed.exit_code, 0) << streamed.err;
  EXPECT_THAT(streamed.err, HasSubstr("12 tokens behind "));
  EXPECT_EQ(run({"--prompt", "the nurse", "--threads", "1"}).out, streamed.out);
  ASSERT_EQ(run({"--prompt", "the nurse", "--out", folder_ / "one.jsonl"}).exit_code, 0);
  const std::vector<json> lines = parsed(content_of(folder_ / "one.jsonl"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["text"].get<std::string>() + "\n", streamed.out);
  EXPECT_EQ(lines[0]["prompt"], "the nurse");
  EXPECT_EQ(lines[0]["tokens"].size(), 12u);
  EXPECT_EQ(lines[0]["finish_reason"], "length");
  EXPECT_LT(lines[0]["logprob"].get<double>(), 0);
}

TEST_F(GenerateCommand, ReadsThePromptFromStandardInput) {
  const std::string prompt = folder_.write("prompt.txt", "the nurse\n");
  const ProgramResult piped = run({}, {.prepare = [&] { ASSERT_NE(freopen(prompt.c_str(), "r", stdin), nullptr); }});
  ASSERT_EQ(piped.exit_code, 0) << piped.err;
  EXPECT_EQ(piped.out, run({"--prompt", "the nurse"}).out);
}

TEST_F(GenerateCommand, AnswersLinesInOrderWhateverStandsBeside) {
  const std::string in = folder_.write("in.jsonl",
                                       "{\"prompt\": \"the nurse\", \"id\": 7}\n\n"
                                       "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}\n"
                                       "{\"prompt\": \"\"}\n");
  const ProgramResult result = run({"--in", in});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<json> lines = parsed(result.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["id"], 7);
  EXPECT_EQ(lines[0]["text"].get<std::string>() + "\n", run({"--prompt", "the nurse"}).out);
  EXPECT_EQ(lines[1]["text"].get<std::string>() + "\n", run({"--chat", "chatml", "--prompt", "Hi"}).out);
  EXPECT_NE(lines[1]["text"], lines[0]["text"]);

  const std::vector<std::string> drawn{"--in", in, "--samples", "3", "--temperature", "1", "--seed", "5"};
  const std::string first = run(drawn).out;
  const std::vector<json> samples = parsed(first);
  ASSERT_EQ(samples.size(), 9u);
  EXPECT_EQ(samples[4]["sample"], 1);
  EXPECT_TRUE(samples[4].contains("messages"));
  EXPECT_NE(samples[0]["tokens"], samples[1]["tokens"]);
  std::vector<std::string> threads = drawn;
  threads.insert(threads.end(), {"--threads", "1"});
  EXPECT_EQ(run(threads).out, first);
}

TEST_F(GenerateCommand, WrapsPromptsAsMessages) {
  const auto text = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--prompt", "Hi"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  const std::string plain = text({}), chat = text({"--chat", "chatml"}), system = text({"--system", "Be kind."});
  EXPECT_NE(plain, chat);
  EXPECT_NE(chat, system);
  EXPECT_EQ(text({"--system", "Be kind.", "--chat", "chatml"}), system);
  EXPECT_EQ(run({"--prompt", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"}).out, chat);
}

TEST_F(GenerateCommand, StopsAtTexts) {
  const std::string whole = run({"--prompt", "x"}).out;
  const std::string stop = whole.substr(2, 3);
  EXPECT_EQ(run({"--prompt", "x", "--stop", "nowhere", "--stop", stop}).out, whole.substr(0, whole.find(stop)) + "\n");
}

TEST_F(GenerateCommand, NamesLinesThatCannotBeAnswered) {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "nurse ";
  const std::string in = folder_.write("in.jsonl",
                                       "{\"prompt\": 3}\n{\"prompt\": \"the nurse\"}\nnot json\n"
                                       "{\"messages\": [{\"role\": \"robot\", \"content\": \"x\"}]}\n"
                                       "{\"messages\": [{\"role\": \"user\"}]}\n{\"prompt\": \"" +
                                           words + "\"}\n");
  const ProgramResult result = run({"--in", in, "--out", folder_ / "out.jsonl"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("in.jsonl:1: expected {\"prompt\": text} or {\"messages\": "),
                                HasSubstr("in.jsonl:3: "), HasSubstr("in.jsonl:4: a message of the role \"robot\""),
                                HasSubstr("in.jsonl:5: message 1 is not as expected: "), HasSubstr(" the window of "),
                                HasSubstr("in.jsonl: 5 of 6 lines could not be answered")));
  const std::vector<json> lines = parsed(content_of(folder_ / "out.jsonl"));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_TRUE(lines[1].contains("text"));
  EXPECT_TRUE(lines[5].contains("error"));
}

TEST_F(GenerateCommand, RefusesBadInput) {
  expect_refused({"--prompt", "x", "--temperature", "-1"}, "--temperature: expected a number from 0 to 100");
  expect_refused({"--prompt", "x", "--top-p", "1.5"}, "--top-p: expected a number from 0 to 1");
  expect_refused({"--prompt", "x", "--top-p", "0"}, "--top-p: 0 leaves no token");
  expect_refused({"--prompt", "x", "--stop", "a", "--stop", ""}, "--stop: an empty text");
  expect_refused({"--prompt", "x", "--chat", "llama3"}, "the model's tokenizer lacks <|start_header_id|>");
  expect_refused({"--prompt", "x", "--in", folder_.write("in.jsonl", "{}\n")}, "--prompt and --in are both given");
  expect_refused({"--in", folder_.write("empty.jsonl", "\n")}, "empty.jsonl: has no lines");
  expect_refused({"--in", folder_ / "none.jsonl"}, "none.jsonl: cannot open this file");
  std::string words;
  for (int i = 0; i < 200; ++i) words += "nurse ";
  expect_refused({"--prompt", words, "--out", folder_ / "long.jsonl"}, "there is no room to write");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "long.jsonl"));

  const TemporaryFolder compact;
  write_model(compact, RandomModel{});
  const ProgramResult result = run_manyshot({"generate", "--model", compact.path(), "--prompt", "x"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("is no language model: it scores table rows only and writes no text"));
}

}  // namespace
}  // namespace manyshot
