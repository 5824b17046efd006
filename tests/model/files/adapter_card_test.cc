// The cards of adapters, and the ids that models tell of themselves.
#include "model/files/adapter_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "model/files/model_id.h"
#include "model/files/trained_prompt.h"
#include "support/error.h"
#include "support/models/gguf_writer.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(AdapterCard, SaysWhatTheFilesSay) {
  const TemporaryFolder folder;
  write_tiny_adapter(folder.path());
  Json config = Json::parse(content_of(folder / "adapter_config.json"));
  config["base_model_name_or_path"] = "owner/base-0.5B";
  folder.write("adapter_config.json", config.dump());
  write_trained_prompt({.format = PromptStyle::kTabllm, .chat = ChatWrapping::kChatMl}, folder.path());
  EXPECT_EQ(read_card_training(folder.path()), "");
  write_adapter_card(folder.path(), "- stage one: 3 steps\n");
  EXPECT_THAT(content_of(folder / "README.md"),
              AllOf(StartsWith("---\nbase_model: owner/base-0.5B\nlibrary_name: peft\n"),
                    HasSubstr("# LoRA adapter for owner/base-0.5B\n\nRank 2, scale 2, "),
                    HasSubstr("the format tabllm and the chat layout chatml"),
                    HasSubstr("AutoModelForCausalLM.from_pretrained(\"owner/base-0.5B\"), \"ADAPTER\")")));
  EXPECT_EQ(read_card_training(folder.path()), "- stage one: 3 steps\n");

  config["base_model_name_or_path"] = "/home/me/base";
  folder.write("adapter_config.json", config.dump());
  write_adapter_card(folder.path(), "");
  EXPECT_THAT(content_of(folder / "README.md"),
              AllOf(Not(HasSubstr("base_model:")), Not(HasSubstr("Training data")), HasSubstr("/home/me/base")));
}

TEST(TrainedPrompt, LinesKeepTheirDigits) {
  const TemporaryFolder folder;
  EXPECT_FALSE(read_trained_prompt(folder.path()));
  write_trained_prompt({.format = PromptStyle::kLines, .chat = ChatWrapping::kRaw, .digits = 1}, folder.path());
  EXPECT_EQ(read_trained_prompt(folder.path())->digits, 1);
  write_trained_prompt({.format = PromptStyle::kConcat, .chat = ChatWrapping::kRaw}, folder.path());
  EXPECT_EQ(read_trained_prompt(folder.path())->digits, std::nullopt);
  for (const char* digits : {"0", "4", "\"two\"", "1.5", "99999999999999999999"}) {
    folder.write("manyshot_prompt.json", fmt::format(R"({{"format": "lines", "chat": "raw", "digits": {}}})", digits));
    EXPECT_ERROR(read_trained_prompt(folder.path()), ErrorKind::kCorruptFile, "\"digits\" is no number from 1 to 3");
  }
}

TEST(TrainedPrompt, KeepsHowMuchAPromptShouldHave) {
  const TemporaryFolder folder;
  TrainedPrompt prompt{.format = PromptStyle::kConcat, .chat = ChatWrapping::kRaw};
  write_trained_prompt(prompt, folder.path());
  EXPECT_EQ(read_trained_prompt(folder.path())->columns, std::nullopt);
  prompt.columns = 16;
  prompt.tokens = 4096;
  write_trained_prompt(prompt, folder.path());
  EXPECT_EQ(read_trained_prompt(folder.path())->columns, 16);
  EXPECT_EQ(read_trained_prompt(folder.path())->tokens, 4096);
  EXPECT_EQ(describe(prompt), "format concat, chat raw, up to 16 columns and 4,096 tokens of labelled rows");
  for (const char* key : {"columns", "tokens"}) {
    folder.write("manyshot_prompt.json", fmt::format(R"({{"format": "concat", "chat": "raw", "{}": 0}})", key));
    EXPECT_ERROR(read_trained_prompt(folder.path()), ErrorKind::kCorruptFile, fmt::format("\"{}\" is no number", key));
  }
}

TEST(ModelId, IsWhatTheModelTells) {
  const TemporaryFolder folder;
  EXPECT_EQ(model_id(folder.path()), "");
  folder.write("config.json", R"({"_name_or_path": "owner/name-1.7B"})");
  EXPECT_EQ(model_id(folder.path()), "owner/name-1.7B");
  for (const char* path : {"/models/name", "./name", "../a/b", "a/b/c", "name", ""}) {
    folder.write("config.json", Json{{"_name_or_path", path}}.dump());
    EXPECT_EQ(model_id(folder.path()), "") << path;
  }
  const std::string cached = "models--Qwen--Qwen2.5-0.5B/snapshots/0d5f";
  folder.write(cached + "/config.json", "{}");
  EXPECT_EQ(model_id(folder / cached), "Qwen/Qwen2.5-0.5B");
  GgufWriter writer;
  writer.add_text("general.source.repo_url", "https://models.example/owner/other");
  EXPECT_EQ(model_id(folder.write("model.gguf", writer.bytes())), "owner/other");
}

}  // namespace
}  // namespace manyshot
