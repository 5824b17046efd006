// The real file, where MANYSHOT_SMOLLM2 names it (./run models fetches it).
#include <gtest/gtest.h>

#include <cstdlib>

#include "model/language/tensor_source.h"

namespace manyshot {
namespace {

TEST(SmolLM2, ConfigAndTensors) {
  const char* path = std::getenv("MANYSHOT_SMOLLM2");
  if (path == nullptr)
    GTEST_SKIP() << "MANYSHOT_SMOLLM2 does not name SmolLM2-135M-Instruct.Q4_1.gguf (./run models fetches it)";
  const auto source = open_tensor_source(path);
  const LanguageModelConfig& config = source->config();
  EXPECT_EQ(config.architecture, LanguageArchitecture::kLlama);
  EXPECT_EQ(config.vocab_size, 49152);
  EXPECT_EQ(config.hidden_size, 576);
  EXPECT_EQ(config.intermediate_size, 1536);
  EXPECT_EQ(config.num_hidden_layers, 30);
  EXPECT_EQ(config.num_attention_heads, 9);
  EXPECT_EQ(config.num_key_value_heads, 3);
  EXPECT_EQ(config.head_dim, 64);
  EXPECT_EQ(config.max_position_embeddings, 8192);
  EXPECT_EQ(config.rope_theta, 1e5);
  EXPECT_EQ(config.rope_scaling.type, RopeScaling::Type::kNone);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_EQ(config.bos_token_id, 1);
  EXPECT_EQ(config.eos_token_ids, std::vector<TokenId>{2});
  EXPECT_EQ(source->type_name("model.embed_tokens.weight"), "Q8_0");
  EXPECT_EQ(source->type_name("model.layers.29.self_attn.q_proj.weight"), "Q4_1");
  std::vector<float> row(576);
  source->read_rows("model.embed_tokens.weight", 49151, 1, row);
  double norm = 0;
  for (float value : row) norm += static_cast<double>(value) * value;
  EXPECT_GT(norm, 0.1);
  EXPECT_LT(norm, 100);
}

}  // namespace
}  // namespace manyshot
