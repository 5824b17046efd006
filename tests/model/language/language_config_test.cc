// config.json and GGUF metadata as LanguageModelConfig.
#include <gtest/gtest.h>

#include "model/language/gguf_config.h"
#include "support/error.h"
#include "support/models/tiny_language_model.h"

namespace manyshot {
namespace {

using Type = RopeScaling::Type;

const LanguageModelConfig kLlama = tiny_language_config(LanguageArchitecture::kLlama);
const LanguageModelConfig kQwen2 = tiny_language_config(LanguageArchitecture::kQwen2);

LanguageModelConfig parse(const Json& json) { return parse_language_model_config(json.dump(), "config.json"); }

// The tiny Llama's config.json with some keys changed.
Json changed(const Json& changes, const LanguageModelConfig& config = kLlama) {
  Json json = hugging_face_config(config);
  json.update(changes);
  return json;
}
Json without(const char* key) {
  Json json = hugging_face_config(kLlama);
  json.erase(key);
  return json;
}

void expect_corrupt(const Json& json, const std::string& message) {
  EXPECT_ERROR(parse(json), ErrorKind::kCorruptFile, "config.json: " + message);
}
void expect_unsupported(const Json& json, const std::string& message) {
  EXPECT_ERROR(parse(json), ErrorKind::kUnsupported, "config.json: " + message);
}

TEST(HuggingFaceConfig, AbsentKeysHaveTheDefaultsOfTransformers) {
  Json json = hugging_face_config(kLlama);
  for (const char* key : {"num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "rope_theta",
                          "tie_word_embeddings", "bos_token_id", "eos_token_id", "hidden_act"}) {
    json.erase(key);
  }
  const LanguageModelConfig config = parse(json);
  EXPECT_EQ(config.num_key_value_heads, 4);
  EXPECT_EQ(config.head_dim, 8);
  EXPECT_EQ(config.max_position_embeddings, 2048);
  EXPECT_EQ(config.rms_norm_eps, 1e-6);
  EXPECT_EQ(config.rope_theta, 1e4);
  EXPECT_FALSE(config.tie_word_embeddings);
  EXPECT_FALSE(config.attention_bias);
  EXPECT_EQ(config.bos_token_id, std::nullopt);
  EXPECT_TRUE(config.eos_token_ids.empty());
  json["architectures"] = {"Qwen2ForCausalLM"};
  EXPECT_EQ(parse(json).max_position_embeddings, 32768);
  EXPECT_TRUE(parse(json).attention_bias);
}

TEST(HuggingFaceConfig, OtherSpellings) {
  EXPECT_EQ(parse(changed({{"eos_token_id", {2, 7}}})).eos_token_ids, (std::vector<TokenId>{2, 7}));
  EXPECT_EQ(parse(changed({{"bos_token_id", nullptr}})).bos_token_id, std::nullopt);
  EXPECT_EQ(parse(changed({{"head_dim", 16}})).head_dim, 16);
  EXPECT_EQ(parse(changed({{"head_dim", nullptr}})).head_dim, 8);
  EXPECT_TRUE(parse(changed({{"attention_bias", true}})).attention_bias);
  EXPECT_EQ(parse(without("architectures")).architecture, LanguageArchitecture::kLlama);
  Json typed = changed({{"model_type", "qwen2"}});
  typed.erase("architectures");
  EXPECT_EQ(parse(typed).architecture, LanguageArchitecture::kQwen2);
}

TEST(HuggingFaceConfig, RopeScalings) {
  EXPECT_EQ(parse(changed({{"rope_scaling", nullptr}})).rope_scaling.type, Type::kNone);
  EXPECT_EQ(parse(changed({{"rope_scaling", {{"rope_type", "default"}}}})).rope_scaling.type, Type::kNone);
  for (const char* spelling : {"type", "rope_type"}) {
    const RopeScaling linear = parse(changed({{"rope_scaling", {{spelling, "linear"}, {"factor", 2.5}}}})).rope_scaling;
    EXPECT_EQ(linear.type, Type::kLinear);
    EXPECT_EQ(linear.factor, 2.5);
  }
  const RopeScaling llama3 = parse(changed({{"rope_scaling",
                                             {{"rope_type", "llama3"},
                                              {"factor", 32},
                                              {"low_freq_factor", 1},
                                              {"high_freq_factor", 4},
                                              {"original_max_position_embeddings", 8192}}}}))
                                 .rope_scaling;
  EXPECT_EQ(llama3.type, Type::kLlama3);
  EXPECT_EQ(llama3.factor, 32);
  EXPECT_EQ(llama3.low_freq_factor, 1);
  EXPECT_EQ(llama3.high_freq_factor, 4);
  EXPECT_EQ(llama3.original_max_position_embeddings, 8192);
  const RopeScaling yarn =
      parse(changed({{"rope_scaling", {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 16}}}}))
          .rope_scaling;
  EXPECT_EQ(yarn.type, Type::kYarn);
  EXPECT_EQ(yarn.factor, 4);
  EXPECT_EQ(yarn.original_max_position_embeddings, 16);
  EXPECT_EQ(yarn.beta_fast, 32);
  EXPECT_EQ(yarn.beta_slow, 1);
  EXPECT_EQ(yarn.attention_factor, std::nullopt);
}

TEST(HuggingFaceConfig, YarnInAllItsDetail) {
  const auto yarn = [](Json options) {
    options["rope_type"] = "yarn";
    return parse(changed({{"rope_scaling", options}})).rope_scaling;
  };
  const RopeScaling full = yarn({{"factor", 8}, {"attention_factor", 0.7}, {"beta_fast", 30}, {"beta_slow", 2}});
  EXPECT_EQ(full.attention_factor, 0.7);
  EXPECT_EQ(full.beta_fast, 30);
  EXPECT_EQ(full.beta_slow, 2);
  EXPECT_EQ(full.original_max_position_embeddings, 64);
  EXPECT_EQ(yarn({{"original_max_position_embeddings", 16}}).factor, 4);  // 64 / 16
  EXPECT_DOUBLE_EQ(*yarn({{"factor", 40}, {"mscale", 1.0}, {"mscale_all_dim", 1.0}}).attention_factor, 1);
  EXPECT_DOUBLE_EQ(*yarn({{"factor", 40}, {"mscale", 0.707}, {"mscale_all_dim", 1.0}}).attention_factor,
                   1.26080377740585527 / 1.3688879454113936);
  EXPECT_DOUBLE_EQ(*yarn({{"factor", 1}, {"mscale", 2.0}, {"mscale_all_dim", 1.0}}).attention_factor, 1);
}

TEST(HuggingFaceConfig, RopeParametersOfTransformers5) {
  Json json = without("rope_theta");
  json["rope_parameters"] = {{"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 1e6}};
  const LanguageModelConfig config = parse(json);
  EXPECT_EQ(config.rope_theta, 1e6);
  EXPECT_EQ(config.rope_scaling.type, Type::kLinear);
  json["rope_parameters"]["partial_rotary_factor"] = 0.5;
  expect_unsupported(json, "\"rope_parameters.partial_rotary_factor\" is 0.5");
}

TEST(HuggingFaceConfig, WindowsThatAreNotUsed) {
  for (const Json& unused : {Json{{"use_sliding_window", false}, {"sliding_window", 16}, {"max_window_layers", 1}},
                             Json{{"use_sliding_window", true}, {"sliding_window", 16}, {"max_window_layers", 2}},
                             Json{{"layer_types", {"full_attention", "full_attention"}}}}) {
    EXPECT_EQ(hugging_face_config(parse(changed(unused, kQwen2))), hugging_face_config(kQwen2)) << unused;
  }
}

TEST(HuggingFaceConfig, WhatThisBuildCannotRun) {
  expect_unsupported(
      changed({{"architectures", {"Qwen3ForCausalLM"}}}),
      "\"architectures\" is [\"Qwen3ForCausalLM\"]; this build runs models with LlamaForCausalLM or Qwen2ForCausalLM");
  Json mistral = changed({{"model_type", "mistral"}});
  mistral.erase("architectures");
  expect_unsupported(mistral, "\"model_type\" is \"mistral\"; this build runs");
  expect_unsupported(Json::object(), "\"model_type\" is missing");
  expect_unsupported(changed({{"use_sliding_window", true}, {"sliding_window", 16}, {"max_window_layers", 1}}, kQwen2),
                     "\"use_sliding_window\" is true");
  expect_unsupported(changed({{"layer_types", {"sliding_attention", "full_attention"}}}), "\"layer_types\" is");
  expect_unsupported(changed({{"quantization_config", {{"bits", 4}}}}), "\"quantization_config\" is {\"bits\":4}");
  expect_unsupported(changed({{"hidden_act", "gelu"}}),
                     "\"hidden_act\" is \"gelu\"; this build runs models with \"silu\"");
  expect_unsupported(changed({{"mlp_bias", true}}), "\"mlp_bias\" is true");
  expect_unsupported(changed({{"partial_rotary_factor", 0.5}}), "\"partial_rotary_factor\" is 0.5");
  expect_unsupported(
      changed({{"rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}}}),
      "\"rope_scaling.type\" is \"dynamic\"; this build runs models with default, linear, llama3 or yarn");
  expect_unsupported(changed({{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}, {"truncate", false}}}}),
                     "\"rope_scaling.truncate\" is false");
}

TEST(HuggingFaceConfig, ValuesThatMakeNoSense) {
  EXPECT_ERROR(parse_language_model_config("{", "config.json"), ErrorKind::kCorruptFile, "config.json: not valid JSON");
  EXPECT_ERROR(parse_language_model_config("[1]", "config.json"), ErrorKind::kCorruptFile, "expected a JSON object");
  expect_corrupt(without("hidden_size"), "key \"hidden_size\" is missing; expected a whole number");
  expect_corrupt(changed({{"hidden_size", 3e10}}), "\"hidden_size\" is 30000000000.0; expected a whole number");
  expect_corrupt(changed({{"hidden_size", 30000000000u}}), "\"hidden_size\" is 30000000000; expected a whole number");
  expect_corrupt(changed({{"hidden_size", -1}}), "\"hidden_size\" is -1; expected a whole number");
  expect_corrupt(changed({{"hidden_size", 0}}), "hidden_size is 0; expected a whole number from 1 to 16777216");
  expect_corrupt(changed({{"vocab_size", 1 << 25}}),
                 "vocab_size is 33554432; expected a whole number from 1 to 16777216");
  expect_corrupt(changed({{"num_hidden_layers", 5000}}), "num_hidden_layers is 5000");
  expect_corrupt(changed({{"num_attention_heads", 0}}),
                 "\"num_attention_heads\" is 0; expected a whole number above 0");
  expect_corrupt(changed({{"num_key_value_heads", 3}}),
                 "num_key_value_heads is 3; expected a divisor of num_attention_heads 4");
  expect_corrupt(changed({{"head_dim", 7}}), "head_dim is 7; expected an even number");
  expect_corrupt(changed({{"rms_norm_eps", -1}}), "rms_norm_eps is -1; expected a number from 0 to 1");
  expect_corrupt(changed({{"rms_norm_eps", "x"}}), "\"rms_norm_eps\" is \"x\"; expected a number");
  expect_corrupt(changed({{"rope_theta", 0}}), "rope_theta is 0; expected a number above 0");
  expect_corrupt(changed({{"tie_word_embeddings", 1}}), "\"tie_word_embeddings\" is 1; expected true or false");
  expect_corrupt(changed({{"hidden_act", 1}}), "\"hidden_act\" is 1; expected a text");
  expect_corrupt(changed({{"eos_token_id", {2, "x"}}}),
                 "\"eos_token_id\" is [2,\"x\"]; expected a token id or a list of them");
  expect_corrupt(changed({{"eos_token_id", 50}}), "eos_token_id is 50; expected a token id below vocab_size 50");
  expect_corrupt(changed({{"bos_token_id", 50}}), "bos_token_id is 50");
  expect_corrupt(changed({{"architectures", {"a", "b"}}}),
                 "\"architectures\" is [\"a\",\"b\"]; expected a list of one name");
  expect_corrupt(changed({{"rope_scaling", "yarn"}}), "\"rope_scaling\" is \"yarn\"; expected an object");
  expect_corrupt(changed({{"rope_scaling", {{"type", "linear"}}}}), "key \"rope_scaling.factor\" is missing");
  expect_corrupt(changed({{"rope_scaling", {{"type", "linear"}, {"factor", 0}}}}),
                 "rope_scaling.factor is 0; expected a number above 0");
  Json llama3 = {{"rope_type", "llama3"},
                 {"factor", 8},
                 {"low_freq_factor", 4},
                 {"high_freq_factor", 4},
                 {"original_max_position_embeddings", 32}};
  expect_corrupt(changed({{"rope_scaling", llama3}}),
                 "rope_scaling.high_freq_factor is 4; expected a number above low_freq_factor");
  llama3["low_freq_factor"] = 0;
  expect_corrupt(changed({{"rope_scaling", llama3}}), "rope_scaling.low_freq_factor is 0");
  llama3["original_max_position_embeddings"] = -1;
  expect_corrupt(changed({{"rope_scaling", llama3}}), "rope_scaling.original_max_position_embeddings is -1");
  for (const char* key : {"beta_fast", "beta_slow", "attention_factor"}) {
    const Json yarn = {{"rope_type", "yarn"}, {"factor", 8}, {key, 0}};
    expect_corrupt(changed({{"rope_scaling", yarn}}),
                   fmt::format("rope_scaling.{} is 0; expected a number above 0", key));
  }
}

LanguageModelConfig read(const GgufWriter& writer) {
  const std::string bytes = writer.bytes();
  return read_language_model_config(GgufFile(std::as_bytes(std::span(bytes)), "m.gguf"));
}

// The tiny Llama's metadata with one entry more.
GgufWriter with(const std::string& key, float value) {
  GgufWriter writer = gguf_metadata(kLlama);
  writer.add_f32("llama." + key, value);
  return writer;
}
GgufWriter with_u32(const std::string& key, uint32_t value) {
  GgufWriter writer = gguf_metadata(kLlama);
  writer.add_u32("llama." + key, value);
  return writer;
}
GgufWriter with_scaling(const std::string& type, float factor) {
  GgufWriter writer = with("rope.scaling.factor", factor);
  writer.add_text("llama.rope.scaling.type", type);
  return writer;
}

TEST(GgufConfig, VocabularyAndSpecialTokens) {
  GgufWriter writer = gguf_metadata(kLlama);
  EXPECT_EQ(read(writer).vocab_size, 50);
  writer.add_u32("tokenizer.ggml.eot_token_id", 2);
  EXPECT_EQ(read(writer).eos_token_ids, std::vector<TokenId>{2});
  writer.add_texts("tokenizer.ggml.tokens", {"a", "b", "c"});
  EXPECT_EQ(read(writer).vocab_size, 3);
  EXPECT_EQ(read(with_u32("attention.key_length", 8)).head_dim, 8);
}

TEST(GgufConfig, RopeScalings) {
  EXPECT_EQ(read(with_scaling("none", 4)).rope_scaling.type, Type::kNone);
  EXPECT_EQ(read(with_scaling("linear", 1)).rope_scaling.type, Type::kNone);
  for (const GgufWriter& writer :
       {with_scaling("linear", 4), with("rope.scaling.factor", 4), with("rope.scale_linear", 4)}) {
    EXPECT_EQ(read(writer).rope_scaling.type, Type::kLinear);
    EXPECT_EQ(read(writer).rope_scaling.factor, 4);
  }
  GgufWriter yarn = with_scaling("yarn", 4);
  EXPECT_EQ(read(yarn).rope_scaling.type, Type::kYarn);
  EXPECT_EQ(read(yarn).rope_scaling.original_max_position_embeddings, 64);
  EXPECT_EQ(read(yarn).rope_scaling.attention_factor, std::nullopt);
  yarn.add_u32("llama.rope.scaling.original_context_length", 16);
  yarn.add_f32("llama.rope.scaling.yarn_beta_fast", 30);
  yarn.add_f32("llama.rope.scaling.yarn_beta_slow", 2);
  yarn.add_f32("llama.rope.scaling.yarn_ext_factor", -1);
  yarn.add_f32("llama.rope.scaling.attn_factor", 2);
  EXPECT_EQ(read(yarn).rope_scaling.original_max_position_embeddings, 16);
  EXPECT_EQ(read(yarn).rope_scaling.beta_fast, 30);
  EXPECT_EQ(read(yarn).rope_scaling.beta_slow, 2);
  EXPECT_NEAR(*read(yarn).rope_scaling.attention_factor, 2 * 1.1386294361119891, 1e-15);
  yarn.add_f32("llama.rope.scaling.yarn_attn_factor", 0.75f);
  EXPECT_EQ(read(yarn).rope_scaling.attention_factor, 1.5);
}

TEST(GgufConfig, FrequencyFactors) {
  GgufWriter writer = gguf_metadata(kLlama);
  writer.add_f32_tensor("rope_freqs.weight", {4}, {1, 1, 2.5f, 8});
  EXPECT_EQ(read(writer).rope_scaling.type, Type::kFactors);
  EXPECT_EQ(read(writer).rope_scaling.frequency_factors, (std::vector<float>{1, 1, 2.5f, 8}));
  GgufWriter two = with_scaling("linear", 2);
  two.add_f32_tensor("rope_freqs.weight", {4}, {1, 1, 2.5f, 8});
  EXPECT_ERROR(read(two), ErrorKind::kUnsupported, "m.gguf: has rope_freqs.weight beside a rotary scaling");
  GgufWriter few = gguf_metadata(kLlama);
  few.add_f32_tensor("rope_freqs.weight", {3}, {1, 1, 1});
  EXPECT_ERROR(read(few), ErrorKind::kCorruptFile,
               "number of rotary frequency factors is 3; expected 4, half of head_dim");
  GgufWriter zero = gguf_metadata(kLlama);
  zero.add_f32_tensor("rope_freqs.weight", {4}, {1, 0, 1, 1});
  EXPECT_ERROR(read(zero), ErrorKind::kCorruptFile, "rotary frequency factor is 0; expected a number above 0");
}

TEST(GgufConfig, WhatThisBuildCannotRun) {
  const auto expect = [](const GgufWriter& writer, const std::string& message) {
    EXPECT_ERROR(read(writer), ErrorKind::kUnsupported, "m.gguf: " + message);
  };
  GgufWriter gemma;
  gemma.add_text("general.architecture", "gemma3");
  expect(gemma, "the architecture is \"gemma3\"; this build runs llama and qwen2");
  expect(with_u32("expert_count", 8), "\"llama.expert_count\" is 8; this build runs models with one MLP per layer");
  expect(with_u32("attention.sliding_window", 16), "\"llama.attention.sliding_window\" is 16");
  expect(with_u32("attention.value_length", 4), "\"llama.attention.value_length\" is 4");
  expect(with_u32("attention.key_length", 16), "\"llama.rope.dimension_count\" is 8");
  expect(with_scaling("longrope", 4),
         "\"llama.rope.scaling.type\" is longrope; this build runs models with none, linear or yarn");
  GgufWriter yarn = with_scaling("yarn", 4);
  yarn.add_f32("llama.rope.scaling.yarn_ext_factor", 0.5f);
  expect(yarn, "\"llama.rope.scaling.yarn_ext_factor\" is 0.5");
  EXPECT_EQ(read(with_u32("attention.sliding_window", 64)).max_position_embeddings, 64);
}

TEST(GgufConfig, MetadataThatIsMissingOrMakesNoSense) {
  EXPECT_ERROR(read(GgufWriter{}), ErrorKind::kCorruptFile, "m.gguf: metadata \"general.architecture\" is missing");
  GgufWriter bare;
  bare.add_text("general.architecture", "llama");
  EXPECT_ERROR(read(bare), ErrorKind::kCorruptFile, "m.gguf: metadata \"llama.vocab_size\" is missing");
  for (const char* key : {"embedding_length", "feed_forward_length", "block_count", "attention.head_count"}) {
    bare.add_u32("llama.vocab_size", 50);
    EXPECT_ERROR(read(bare), ErrorKind::kCorruptFile, fmt::format("metadata \"llama.{}\" is missing", key));
    bare.metadata.resize(bare.metadata.size() - raw_text("llama.vocab_size").size() - 8);
    --bare.num_entries;
    bare.add_u32(std::string("llama.") + key, 4);
  }
  bare.add_u32("llama.vocab_size", 50);
  EXPECT_ERROR(read(bare), ErrorKind::kCorruptFile, "metadata \"llama.context_length\" is missing");
  bare.add_u32("llama.context_length", 4);
  EXPECT_ERROR(read(bare), ErrorKind::kCorruptFile, "metadata \"llama.attention.layer_norm_rms_epsilon\" is missing");
  EXPECT_ERROR(read(with_u32("attention.key_length", ~0u)), ErrorKind::kCorruptFile,
               "metadata \"llama.attention.key_length\" is 4294967295, too large for any model");
  GgufWriter eos = gguf_metadata(kLlama);
  eos.add_u32("tokenizer.ggml.eot_token_id", ~0u);
  EXPECT_ERROR(read(eos), ErrorKind::kCorruptFile,
               "eos_token_id is 2147483647; expected a token id below vocab_size 50");
}

}  // namespace
}  // namespace manyshot
