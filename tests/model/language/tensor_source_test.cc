// The same model from a Hugging Face folder, from shards and from a GGUF file; and models that do not hold together.
#include "model/language/tensor_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "model/files/safetensors.h"
#include "support/error.h"
#include "support/models/tiny_language_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

constexpr LanguageArchitecture kBoth[] = {LanguageArchitecture::kLlama, LanguageArchitecture::kQwen2};

void expect_config(const LanguageModelConfig& read, const LanguageModelConfig& expected) {
  EXPECT_EQ(read.architecture, expected.architecture);
  EXPECT_EQ(read.vocab_size, expected.vocab_size);
  EXPECT_EQ(read.hidden_size, expected.hidden_size);
  EXPECT_EQ(read.intermediate_size, expected.intermediate_size);
  EXPECT_EQ(read.num_hidden_layers, expected.num_hidden_layers);
  EXPECT_EQ(read.num_attention_heads, expected.num_attention_heads);
  EXPECT_EQ(read.num_key_value_heads, expected.num_key_value_heads);
  EXPECT_EQ(read.head_dim, expected.head_dim);
  EXPECT_EQ(read.max_position_embeddings, expected.max_position_embeddings);
  EXPECT_FLOAT_EQ(static_cast<float>(read.rms_norm_eps), static_cast<float>(expected.rms_norm_eps));
  EXPECT_EQ(read.rope_theta, expected.rope_theta);
  EXPECT_EQ(read.rope_scaling.type, RopeScaling::Type::kNone);
  EXPECT_EQ(read.tie_word_embeddings, expected.tie_word_embeddings);
  EXPECT_EQ(read.attention_bias, expected.attention_bias);
  EXPECT_EQ(read.bos_token_id, expected.bos_token_id);
  EXPECT_EQ(read.eos_token_ids, expected.eos_token_ids);
}

void expect_same_model(const std::string& path, const LanguageModelConfig& config,
                       const std::vector<RandomTensor>& tensors) {
  const auto source = open_tensor_source(path);
  EXPECT_EQ(source->path(), path);
  expect_config(source->config(), config);
  uint64_t bytes = 0;
  for (const RandomTensor& tensor : tensors) {
    ASSERT_TRUE(source->contains(tensor.name));
    EXPECT_EQ(source->shape(tensor.name), tensor.shape);
    EXPECT_EQ(source->type_name(tensor.name), "F32");
    EXPECT_EQ(read_whole(*source, tensor.name), tensor.values) << tensor.name;
    bytes += tensor.values.size() * sizeof(float);
  }
  EXPECT_EQ(source->stored_bytes(), bytes);
  EXPECT_FALSE(source->contains("model.layers.9.mlp.up_proj.weight"));
}

class Source : public testing::Test {
 protected:
  std::string write_gguf(const GgufWriter& writer) { return folder_.write("model.gguf", writer.bytes()); }
  void write_folder(const Json& config, const std::vector<RandomTensor>& tensors) {
    folder_.write("config.json", config.dump(2));
    folder_.write("model.safetensors", safetensors_of(tensors));
  }
  // Every other tensor in the second of two files.
  void write_shards(const LanguageModelConfig& config, const std::vector<RandomTensor>& tensors) {
    std::vector<RandomTensor> shards[2];
    Json index = {{"metadata", {{"total_size", 1}}}, {"weight_map", Json::object()}};
    for (size_t i = 0; i < tensors.size(); ++i) {
      shards[i % 2].push_back(tensors[i]);
      index["weight_map"][tensors[i].name] = shard_name(i % 2);
    }
    for (size_t i = 0; i < 2; ++i) folder_.write(shard_name(i), safetensors_of(shards[i]));
    folder_.write("config.json", hugging_face_config(config).dump());
    write_index(index);
  }
  void write_index(const Json& index) { folder_.write("model.safetensors.index.json", index.dump()); }
  static std::string shard_name(size_t i) { return fmt::format("model-0000{}-of-00002.safetensors", i + 1); }
  void expect_error(const std::string& path, ErrorKind kind, const std::string& message) {
    EXPECT_ERROR(open_tensor_source(path), kind, message);
    EXPECT_ERROR(open_tensor_source(path), kind, folder_.path());
  }

  LanguageModelConfig config_ = tiny_language_config(LanguageArchitecture::kLlama);
  std::vector<RandomTensor> tensors_ = tiny_language_tensors(config_);
  TemporaryFolder folder_;
};

TEST_F(Source, OneModelInThreeForms) {
  for (LanguageArchitecture architecture : kBoth) {
    const LanguageModelConfig config = tiny_language_config(architecture);
    const auto tensors = tiny_language_tensors(config);
    expect_same_model(write_gguf(gguf_of(config, tensors)), config, tensors);
    write_shards(config, tensors);
    expect_same_model(folder_.path(), config, tensors);
    write_folder(hugging_face_config(config), tensors);
    expect_same_model(folder_.path(), config, tensors);
    std::filesystem::remove(folder_.path() + "/model.safetensors");
  }
}

TEST_F(Source, FolderWithAGgufFile) {
  const std::string path = write_gguf(gguf_of(config_, tensors_));
  EXPECT_EQ(open_tensor_source(folder_.path())->path(), path);
}

TEST_F(Source, TiedAndUntiedHeads) {
  for (bool tied : {false, true}) {
    config_.tie_word_embeddings = tied;
    const auto tensors = tiny_language_tensors(config_);
    expect_same_model(write_gguf(gguf_of(config_, tensors)), config_, tensors);
  }
}

// What is stored counts, whatever config.json says.
TEST_F(Source, AStoredHeadThatDiffersFromTheEmbedding) {
  LanguageModelConfig config = tiny_language_config(LanguageArchitecture::kLlama);
  config.tie_word_embeddings = false;
  std::vector<RandomTensor> tensors = tiny_language_tensors(config);
  Json json = hugging_face_config(config);
  json["tie_word_embeddings"] = true;
  write_folder(json, tensors);
  expect_same_model(folder_.path(), config, tensors);

  const auto of = [&](const char* name) {
    return std::find_if(tensors.begin(), tensors.end(),
                        [&](const RandomTensor& tensor) { return tensor.name == name; });
  };
  of("lm_head.weight")->values = of("model.embed_tokens.weight")->values;
  write_folder(json, tensors);
  EXPECT_TRUE(open_tensor_source(folder_.path())->config().tie_word_embeddings) << "the same head once more";
}

TEST_F(Source, LlamaWithBiasesFromGguf) {
  config_.attention_bias = true;
  const auto tensors = tiny_language_tensors(config_);
  expect_same_model(write_gguf(gguf_of(config_, tensors)), config_, tensors);
}

TEST_F(Source, AnyRowsFromSeveralThreads) {
  const auto source = open_tensor_source(write_gguf(gguf_of(config_, tensors_)));
  const std::string name = "model.layers.1.self_attn.q_proj.weight";
  const std::vector<float> whole = read_whole(*source, name);
  const auto read_rows = [&] {
    for (uint64_t first = 0; first <= 32; ++first) {
      std::vector<float> rows((32 - first) / 2 * 32);
      source->read_rows(name, first, (32 - first) / 2, rows);
      EXPECT_TRUE(std::equal(rows.begin(), rows.end(), whole.begin() + static_cast<std::ptrdiff_t>(first * 32)));
    }
  };
  std::thread other(read_rows);
  read_rows();
  other.join();
}

TEST_F(Source, QuantisedAndHalfWeights) {
  // Values that are whole numbers from -128 to 127 over 256: exact in Q8_0 with scale 1/256, in F16 and in BF16.
  GgufWriter gguf = gguf_metadata(config_);
  const GgufWriter f32 = gguf_of(config_, tensors_);
  const std::string bytes = f32.bytes();
  const GgufFile file(std::as_bytes(std::span(bytes)), "f32");
  for (const GgufTensor& tensor : file.tensors()) {
    std::vector<float> values(tensor.num_values());
    dequantize(tensor.type, tensor.data, values);
    std::string data;
    if (tensor.num_columns() % 32 == 0) {
      for (size_t i = 0; i < values.size(); ++i) {
        if (i % 32 == 0) data += raw(uint16_t{0x1C00});  // 2^-8
        data += static_cast<char>(static_cast<int8_t>(values[i] * 256));
      }
      gguf.add_tensor(tensor.name, static_cast<uint32_t>(GgmlType::kQ8_0), tensor.shape, data);
    } else {
      gguf.add_f32_tensor(tensor.name, tensor.shape, values);
    }
  }
  const auto source = open_tensor_source(write_gguf(gguf));
  EXPECT_EQ(source->type_name("model.layers.0.self_attn.k_proj.weight"), "Q8_0");
  EXPECT_EQ(source->type_name("model.layers.0.mlp.down_proj.weight"), "F32");
  for (const auto& tensor : tensors_) EXPECT_EQ(read_whole(*source, tensor.name), tensor.values) << tensor.name;
}

TEST_F(Source, BFloat16Folder) {
  std::vector<std::vector<uint16_t>> bits;
  std::vector<NamedTensor> halves;
  for (const auto& tensor : tensors_) {
    auto& values = bits.emplace_back();
    for (float value : tensor.values) values.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16));
  }
  for (size_t i = 0; i < tensors_.size(); ++i) {
    halves.push_back({tensors_[i].name, TensorType::kBF16, tensors_[i].shape, std::as_bytes(std::span(bits[i]))});
  }
  folder_.write("config.json", hugging_face_config(config_).dump());
  folder_.write("model.safetensors", write_safetensors(halves));
  const auto source = open_tensor_source(folder_.path());
  EXPECT_EQ(source->type_name("lm_head.weight"), "BF16");
  for (const auto& tensor : tensors_) EXPECT_EQ(read_whole(*source, tensor.name), tensor.values) << tensor.name;
}

TEST_F(Source, RowsThatAreNotThere) {
  const auto source = open_tensor_source(write_gguf(gguf_of(config_, tensors_)));
  std::vector<float> row(32);
  EXPECT_ERROR(source->read_rows("lm_head.weight", 50, 1, row), ErrorKind::kInternal,
               "asked for 1 rows from 50 on into 32 values");
  EXPECT_ERROR(source->read_rows("lm_head.weight", 0, 2, row), ErrorKind::kInternal,
               "tensor \"lm_head.weight\" [50, 32]");
  EXPECT_ERROR(source->read_rows("none", 0, 1, row), ErrorKind::kCorruptFile, "tensor \"none\" is missing");
}

TEST_F(Source, NothingThere) {
  expect_error(folder_.path() + "/no", ErrorKind::kNotFound, "no such model");
  expect_error(folder_.path(), ErrorKind::kNotFound, "no config.json in this folder");
  folder_.write("config.json", hugging_face_config(config_).dump());
  expect_error(folder_.path(), ErrorKind::kNotFound, "no model.safetensors in this folder");
  expect_error(folder_.write("x.gguf", "text"), ErrorKind::kCorruptFile, "is not a GGUF file");
}

TEST_F(Source, TensorsThatAreMissingOrOfAnotherShape) {
  auto tensors = tensors_;
  tensors.erase(tensors.begin() + 3);
  write_folder(hugging_face_config(config_), tensors);
  expect_error(folder_.path(), ErrorKind::kCorruptFile, "tensor \"model.layers.0.self_attn.k_proj.weight\" is missing");
  expect_error(write_gguf(gguf_of(config_, tensors)), ErrorKind::kCorruptFile,
               "tensor \"model.layers.0.self_attn.k_proj.weight\" is missing");
  tensors = tensors_;
  tensors[3].shape = {32, 16};
  write_folder(hugging_face_config(config_), tensors);
  const std::string message =
      "tensor \"model.layers.0.self_attn.k_proj.weight\" has shape [32, 16], the model's config calls for [16, 32]";
  expect_error(folder_.path(), ErrorKind::kCorruptFile, message);
  tensors = tensors_;
  tensors.pop_back();  // lm_head
  write_folder(hugging_face_config(config_), tensors);
  expect_error(folder_.path(), ErrorKind::kCorruptFile, "tensor \"lm_head.weight\" is missing");
}

TEST_F(Source, TensorsWithoutAPlace) {
  auto tensors = tensors_;
  tensors.push_back({"model.layers.0.self_attn.o_proj.bias", {32}, std::vector<float>(32)});
  const std::string message = "tensor \"model.layers.0.self_attn.o_proj.bias\" has no place in a Llama model";
  write_folder(hugging_face_config(config_), tensors);
  expect_error(folder_.path(), ErrorKind::kUnsupported, message);
  expect_error(write_gguf(gguf_of(config_, tensors)), ErrorKind::kUnsupported, message);
  GgufWriter gguf = gguf_of(config_, tensors_);
  gguf.add_f32_tensor("blk.0.attn_q_norm.weight", {8}, std::vector<float>(8));
  expect_error(write_gguf(gguf), ErrorKind::kUnsupported, "tensor \"model.layers.0.attn_q_norm.weight\" has no place");
  tensors = tensors_;
  tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", {4}, std::vector<float>(4)});
  write_folder(hugging_face_config(config_), tensors);
  EXPECT_TRUE(open_tensor_source(folder_.path())->contains("model.norm.weight"));
}

TEST_F(Source, OneTensorUnderTwoNames) {
  GgufWriter gguf = gguf_of(config_, tensors_);
  gguf.add_f32_tensor("model.norm.weight", {32}, std::vector<float>(32));
  expect_error(write_gguf(gguf), ErrorKind::kCorruptFile, "tensor \"model.norm.weight\" stands under two names");
}

TEST_F(Source, ShardsThatDoNotFitTheIndex) {
  write_shards(config_, tensors_);
  const Json index = Json::parse(R"({"weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors"}})");
  write_index(index);
  expect_error(folder_.path(), ErrorKind::kCorruptFile, "tensor \"model.embed_tokens.weight\" is missing");
  write_index({{"weight_map", {{"extra", shard_name(1)}}}});
  expect_error(folder_.path(), ErrorKind::kCorruptFile,
               "model-00002-of-00002.safetensors: the index puts tensor \"extra\" into this shard");
  write_index({{"weight_map", {{"extra", "model-00003.safetensors"}}}});
  expect_error(folder_.path(), ErrorKind::kNotFound,
               "the index names shard model-00003.safetensors, which is not in this folder");
  write_index({{"weight_map", {{"extra", "../secret"}}}});
  expect_error(folder_.path(), ErrorKind::kCorruptFile,
               "tensor \"extra\" is said to be in \"../secret\", which is no file name");
  write_index({{"weight_map", {{"extra", 3}}}});
  expect_error(folder_.path(), ErrorKind::kCorruptFile, "tensor \"extra\" is said to be in 3, which is no file name");
  write_index(Json::array());
  expect_error(folder_.path(), ErrorKind::kCorruptFile, "index.json: has no \"weight_map\" object");
  folder_.write("model.safetensors.index.json", "{");
  expect_error(folder_.path(), ErrorKind::kCorruptFile, "index.json: not valid JSON");
}

TEST_F(Source, WholeNumbersAreNoWeights) {
  std::vector<NamedTensor> named;
  const std::vector<std::byte> zeros(1 << 20);
  for (const auto& tensor : tensors_) {
    named.push_back({tensor.name, TensorType::kF32, tensor.shape, std::span(zeros).first(tensor.values.size() * 4)});
  }
  named[1].type = TensorType::kI32;
  folder_.write("config.json", hugging_face_config(config_).dump());
  folder_.write("model.safetensors", write_safetensors(named));
  expect_error(folder_.path(), ErrorKind::kUnsupported,
               "tensor \"model.layers.0.input_layernorm.weight\" is I32; weights must be");
}

}  // namespace
}  // namespace manyshot
