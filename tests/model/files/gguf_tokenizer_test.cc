#include "model/files/gguf_tokenizer.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/files.h"
#include "encoding/tokenizer/tokenizer.h"
#include "support/error.h"
#include "support/models/gguf_writer.h"

namespace manyshot {
namespace {

TokenizerSpec read(const GgufWriter& writer) {
  const std::string bytes = writer.bytes();
  return read_tokenizer_spec(GgufFile(std::as_bytes(std::span(bytes)), "m.gguf"));
}

// Letters, one merge and a control token.
GgufWriter small_tokenizer() {
  GgufWriter writer;
  writer.add_text("tokenizer.ggml.model", "gpt2");
  writer.add_text("tokenizer.ggml.pre", "gpt-2");
  writer.add_texts("tokenizer.ggml.tokens", {"a", "b", "ab", "<|end|>"});
  writer.add("tokenizer.ggml.token_type", GgufType::kArray,
             raw_array(GgufType::kI32, 4, raw(int32_t{1}) + raw(int32_t{1}) + raw(int32_t{1}) + raw(int32_t{3})));
  writer.add_texts("tokenizer.ggml.merges", {"a b"});
  return writer;
}

TEST(GgufTokenizer, VocabularyMergesAndSpecialTokens) {
  GgufWriter writer = small_tokenizer();
  writer.add_u32("tokenizer.ggml.eos_token_id", 3);
  const TokenizerSpec spec = read(writer);
  EXPECT_EQ(spec.source, "m.gguf");
  EXPECT_EQ(spec.merges, std::vector<std::string>{"a b"});
  EXPECT_EQ(spec.eos, 3);
  const Tokenizer tokenizer(spec);
  EXPECT_EQ(tokenizer.encode("abba<|end|>", /*parse_special=*/true), (std::vector<TokenId>{2, 1, 0, 3}));
}

TEST(GgufTokenizer, WhatIsMissingOrWrong) {
  GgufWriter writer;
  EXPECT_ERROR(read(writer), ErrorKind::kCorruptFile,
               "m.gguf: metadata \"tokenizer.ggml.model\" is missing, so the file has no");
  writer.add_text("tokenizer.ggml.model", "gpt2");
  EXPECT_ERROR(read(writer), ErrorKind::kCorruptFile, "metadata \"tokenizer.ggml.tokens\" is missing");
  writer.add_texts("tokenizer.ggml.tokens", {"a"});
  EXPECT_ERROR(read(writer), ErrorKind::kCorruptFile, "metadata \"tokenizer.ggml.merges\" is missing");
  GgufWriter sentencepiece;
  sentencepiece.add_text("tokenizer.ggml.model", "llama");
  sentencepiece.add_texts("tokenizer.ggml.tokens", {"a"});
  EXPECT_ERROR(read(sentencepiece), ErrorKind::kUnsupported, "tokenizer.ggml.model is \"llama\"");
  GgufWriter far = small_tokenizer();
  far.add_u32("tokenizer.ggml.bos_token_id", ~0u);
  EXPECT_ERROR(read(far), ErrorKind::kCorruptFile,
               "metadata \"tokenizer.ggml.bos_token_id\" is 4294967295, which is no token id");
}

TEST(SmolLM2, Tokenizer) {
  const char* path = std::getenv("MANYSHOT_SMOLLM2");
  if (path == nullptr)
    GTEST_SKIP() << "MANYSHOT_SMOLLM2 does not name SmolLM2-135M-Instruct.Q4_1.gguf (./run models fetches it)";
  const MappedFile mapped(path);
  const Tokenizer tokenizer(read_tokenizer_spec(GgufFile(mapped.bytes(), path)));
  EXPECT_EQ(tokenizer.vocab_size(), 49152u);
  const std::vector<TokenId> ids = tokenizer.encode("<|im_start|>age: 37", /*parse_special=*/true);
  EXPECT_EQ(ids, (std::vector<TokenId>{1, 473, 42, 216, 35, 39}));
}

}  // namespace
}  // namespace manyshot
