#include "model/compact/config.h"

#include <gtest/gtest.h>

#include "support/error.h"
#include "support/models/random_model.h"

namespace manyshot {
namespace {

ModelConfig parse(const Json& json) { return parse_model_config(json.dump(), "m/config.json"); }

// The config with one value changed, or without it.
Json with(const char* key, const Json& value) {
  Json json = RandomModel{}.config();
  json[Json::json_pointer(key)] = value;
  return json;
}
Json without(const char* section, const char* key) {
  Json json = RandomModel{}.config();
  (*section != '\0' ? json[section] : json).erase(key);
  return json;
}

void expect_bad(const Json& json, const std::string& message) {
  EXPECT_ERROR(parse(json), ErrorKind::kCorruptFile, message);
}

TEST(ModelConfig, ReadsEveryKey) {
  Json json = RandomModel{.hidden_size = 48, .num_heads = 6, .num_kv_heads = 2}.config();
  json["manyshot"]["trained_features"] = 40;
  json["manyshot"]["trained_shots"] = 1024;
  const ModelConfig config = parse(json);
  EXPECT_EQ(config.hidden_size, 48);
  EXPECT_EQ(config.intermediate_size, 40);
  EXPECT_EQ(config.num_hidden_layers, 4);
  EXPECT_EQ(config.num_attention_heads, 6);
  EXPECT_EQ(config.num_key_value_heads, 2);
  EXPECT_EQ(config.head_dim, 16);
  EXPECT_EQ(config.max_position_embeddings, 128);
  EXPECT_EQ(config.rms_norm_eps, 1e-6);
  EXPECT_EQ(config.rope_theta, 10000);
  EXPECT_EQ(config.row_layers, 2);
  EXPECT_EQ(config.number_tokens.size(), 100);
  EXPECT_EQ(config.label_tokens.first, 100);
  EXPECT_EQ(config.bar_token, 110);
  EXPECT_EQ(config.column_tokens.size(), 64);
  EXPECT_EQ(config.trained_features, 40);
  EXPECT_EQ(config.trained_shots, 1024);
  EXPECT_EQ(config.max_shots, 1024);
}

TEST(ModelConfig, LeftOutKeysHaveTheirUsualValues) {
  Json json = RandomModel{.hidden_size = 64, .num_heads = 4}.config();
  for (const char* key : {"head_dim", "num_key_value_heads", "hidden_act"}) json.erase(key);
  const ModelConfig config = parse(json);
  EXPECT_EQ(config.head_dim, 16);
  EXPECT_EQ(config.num_key_value_heads, 4);
  EXPECT_EQ(config.trained_features, 20);
  EXPECT_EQ(config.trained_shots, 640);
}

TEST(ModelConfig, VersionTwoHasCellsOfMoreKinds) {
  const RandomModel model{.is_typed = true};
  const ModelConfig config = parse(model.config());
  ASSERT_TRUE(config.typed.has_value());
  EXPECT_EQ(config.typed->rank_tokens.first, model.first_rank());
  EXPECT_EQ(config.typed->category_tokens.size(), 8);
  EXPECT_EQ(config.pair_cells().first, config.vocab_size);
  EXPECT_EQ(config.pair_cells().size(), 100 * 100);
  EXPECT_EQ(config.share_cells().first, config.pair_cells().last + 1);
  EXPECT_EQ(config.share_cells().size(), 11 * 100);
  Json json = model.config();
  json["manyshot"]["share_tokens"] = {model.missing() + 10, model.missing() + 19};
  expect_bad(json, "expected 11 token ids, not 10");
  json = model.config();
  json["manyshot"]["unseen_token"] = model.missing();
  expect_bad(json, "expected token ids that unseen_token does not use");
  json = model.config();
  json["manyshot"].erase("rank_tokens");
  expect_bad(json, "key \"manyshot.rank_tokens\" is missing");
  json["manyshot"]["version"] = 3;
  expect_bad(json, "\"manyshot.version\" is 3; expected a whole number from 1 to 2");
}

TEST(ModelConfig, RefusesWhatIsNoConfig) {
  EXPECT_ERROR(parse_model_config("{\"hidden_size\":", "m/config.json"), ErrorKind::kCorruptFile,
               "m/config.json: not valid JSON");
  EXPECT_ERROR(parse_model_config("[1, 2]", "m/config.json"), ErrorKind::kCorruptFile,
               "expected a JSON object with the model's sizes, found [1,2]");
}

TEST(ModelConfig, LanguageModelsAreForLater) {
  EXPECT_ERROR(parse(without("", "manyshot")), ErrorKind::kUnsupported, "no \"manyshot\" section");
  expect_bad(with("/manyshot", 3), "\"manyshot\" is 3; expected an object");
}

TEST(ModelConfig, RefusesOtherNetworks) {
  EXPECT_ERROR(parse(with("/model_type", "qwen2")), ErrorKind::kUnsupported,
               "\"model_type\" is \"qwen2\"; this build runs models with \"llama\" only");
  EXPECT_ERROR(parse(with("/hidden_act", "gelu")), ErrorKind::kUnsupported, "\"hidden_act\" is \"gelu\"");
  EXPECT_ERROR(parse(with("/tie_word_embeddings", false)), ErrorKind::kUnsupported, "\"tie_word_embeddings\" is false");
  EXPECT_ERROR(parse(with("/attention_bias", true)), ErrorKind::kUnsupported, "\"attention_bias\" is true");
  EXPECT_ERROR(parse(with("/mlp_bias", true)), ErrorKind::kUnsupported, "\"mlp_bias\" is true");
  EXPECT_ERROR(parse(with("/rope_scaling", {{"type", "linear"}})), ErrorKind::kUnsupported,
               "\"rope_scaling\" is {\"type\":\"linear\"}");
  EXPECT_ERROR(parse(with("/manyshot/format", "wide")), ErrorKind::kUnsupported, "\"manyshot.format\" is \"wide\"");
  EXPECT_ERROR(parse(with("/manyshot/column_embedding", "none")), ErrorKind::kUnsupported,
               "\"manyshot.column_embedding\" is \"none\"");
}

TEST(ModelConfig, NamesTheKeyItsValueAndWhatIsExpected) {
  expect_bad(
      without("", "hidden_size"),
      "m/config.json: key \"hidden_size\" is missing; expected a whole number from 16 to 65536: use the model's own");
  expect_bad(with("/hidden_size", 40),
             "m/config.json: \"hidden_size\" is 40; expected a multiple of 16: use the model's own config.json");
  expect_bad(with("/hidden_size", "32"), "\"hidden_size\" is \"32\"; expected a whole number");
  expect_bad(with("/hidden_size", 32.5), "\"hidden_size\" is 32.5");
  expect_bad(with("/hidden_size", 1 << 20), "\"hidden_size\" is 1048576");
  expect_bad(with("/vocab_size", 0), "\"vocab_size\" is 0; expected a whole number from 1 to 1048576");
  expect_bad(with("/vocab_size", 18446744073709551615u), "\"vocab_size\" is 18446744073709551615");
  expect_bad(with("/intermediate_size", -1), "\"intermediate_size\" is -1");
  expect_bad(with("/num_hidden_layers", 1), "\"num_hidden_layers\" is 1");
  expect_bad(with("/num_attention_heads", 0), "\"num_attention_heads\" is 0");
  expect_bad(with("/num_key_value_heads", 3),
             "\"num_key_value_heads\" is 3; expected a divisor of num_attention_heads 2");
  expect_bad(with("/head_dim", 24), "\"head_dim\" is 24; expected a multiple of 16");
  expect_bad(with("/max_position_embeddings", 2), "\"max_position_embeddings\" is 2");
  expect_bad(with("/rms_norm_eps", -1), "\"rms_norm_eps\" is -1; expected a number from 0 to 1");
  expect_bad(with("/rope_theta", 0.5), "\"rope_theta\" is 0.5");
  expect_bad(without("manyshot", "format"), "key \"manyshot.format\" is missing; expected \"compact\"");
  expect_bad(with("/manyshot/row_layers", 0), "\"manyshot.row_layers\" is 0; expected a whole number from 1 to 3");
  expect_bad(with("/manyshot/row_layers", 4), "\"manyshot.row_layers\" is 4");
  expect_bad(with("/manyshot/number_tokens", {5, 2}),
             "\"manyshot.number_tokens\" is [5,2]; expected [first, last] token ids below vocab_size 175");
  expect_bad(with("/manyshot/label_tokens", {100, 175}), "\"manyshot.label_tokens\" is [100,175]");
  expect_bad(with("/manyshot/label_tokens", {99, 108}), "expected token ids that label_tokens does not use");
  expect_bad(with("/manyshot/bar_token", 105),
             "\"manyshot.label_tokens\" is [100,109]; expected token ids that bar_token does not use");
  expect_bad(with("/manyshot/column_tokens", {1}), "\"manyshot.column_tokens\" is [1]");
  expect_bad(with("/manyshot/max_classes", 9),
             "\"manyshot.max_classes\" is 9; expected 10, the number of label_tokens");
  expect_bad(with("/max_position_embeddings", 65), "expected two fewer columns than max_position_embeddings 65");
  expect_bad(with("/manyshot/trained_shots", 0), "\"manyshot.trained_shots\" is 0");
}

}  // namespace
}  // namespace manyshot
