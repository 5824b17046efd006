// Prompts as tokens.
#include "generate/prompt_tokens.h"

#include <gtest/gtest.h>

#include "encoding/tokenizer/tokenizer.h"
#include "support/error.h"
#include "support/golden_tokenizer.h"

namespace manyshot {
namespace {

using Tokens = std::vector<TokenId>;

TokenizerSpec smollm() { return read_tokenizer_json(golden_path("smollm.json")); }

TEST(PromptTokens, BeginAsTheModelExpects) {
  TokenizerSpec spec = smollm();
  spec.bos = 1;
  const Tokenizer plain(spec);
  spec.add_bos = true;
  const Tokenizer with_bos(spec);
  const Tokens nurse = plain.encode("the nurse", true);
  EXPECT_EQ(prompt_tokens("the nurse", plain), nurse);
  Tokens behind{1};
  behind.insert(behind.end(), nurse.begin(), nurse.end());
  EXPECT_EQ(prompt_tokens("the nurse", with_bos), behind);
  EXPECT_EQ(prompt_tokens("", plain), Tokens{1});
  EXPECT_EQ(prompt_tokens("<|im_end|>", plain), Tokens{*plain.added_token("<|im_end|>")});
  spec.bos.reset();
  spec.add_bos = false;
  EXPECT_ERROR(prompt_tokens("", Tokenizer(spec)), ErrorKind::kBadInput, "the prompt \"\" has no tokens");
}

TEST(PromptTokens, ChatsAreWhatTrainingShows) {
  const Tokenizer tokenizer(smollm());
  const std::vector<ChatMessage> messages{
      {"system", "Be kind."}, {"user", "Hi <|im_end|>"}, {"assistant", "Ho"}, {"user", "And?"}};
  for (const ChatWrapping wrapping : {ChatWrapping::kRaw, ChatWrapping::kChatMl, ChatWrapping::kTrained}) {
    std::vector<ChatMessage> answered = messages;
    answered.push_back({"assistant", "Yes"});
    const Tokens whole = train::encode_chat(answered, wrapping, tokenizer).tokens,
                 prompt = chat_tokens(messages, wrapping, tokenizer);
    ASSERT_LT(prompt.size(), whole.size());
    EXPECT_EQ(Tokens(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(prompt.size())), prompt);
    const Tokens answer = tokenizer.encode("Yes", false);
    EXPECT_TRUE(std::equal(answer.begin(), answer.end(), whole.begin() + static_cast<ptrdiff_t>(prompt.size())));
  }
  EXPECT_EQ(tokenizer.decode(chat_tokens({{"user", "Hi"}}, ChatWrapping::kChatMl, tokenizer)),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(choose_wrapping(std::nullopt, tokenizer), ChatWrapping::kChatMl);
}

TEST(PromptTokens, RefusesChatsThatAreNone) {
  const Tokenizer tokenizer(smollm());
  EXPECT_ERROR(chat_tokens({}, ChatWrapping::kRaw, tokenizer), ErrorKind::kBadInput, "a conversation without messages");
  EXPECT_ERROR(chat_tokens({{"robot", "x"}}, ChatWrapping::kRaw, tokenizer), ErrorKind::kBadInput,
               "a message of the role \"robot\"; roles are system, user and assistant");
  EXPECT_ERROR(choose_wrapping(ChatWrapping::kLlama3, tokenizer), ErrorKind::kBadInput,
               "chat = \"llama3\": the model's tokenizer lacks <|start_header_id|>");
}

}  // namespace
}  // namespace manyshot
