// Models written as Hugging Face folders and GGUF files, and read back.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "core/files.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/files/gguf_quantize.h"
#include "model/files/tokenizer_files.h"
#include "model/language/export_model.h"
#include "model/language/text_model.h"
#include "support/error.h"
#include "support/golden_tokenizer.h"
#include "support/models/tiny_language_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

constexpr LanguageArchitecture kBoth[] = {LanguageArchitecture::kLlama, LanguageArchitecture::kQwen2};
constexpr const char* kText = "You are 380,nurse|0\n\n  x17 is 5 caf\xc3\xa9 <|im_end|> don't";

// Values of the tiny models are multiples of 1/256 below 1/2, which every type but Q8_0 has exactly.
void expect_same_tensors(const TensorSource& source, const TensorSource& expected, float tolerance = 0) {
  for (const auto& [name, shape] : language_model_tensors(expected.config())) {
    ASSERT_EQ(source.shape(name), shape);
    const std::vector<float> values = read_whole(source, name), wanted = read_whole(expected, name);
    for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], wanted[i], tolerance) << name << " " << i;
  }
}

void expect_same_tokens(const std::string& path, const std::string& expected) {
  const Tokenizer tokenizer(read_model_tokenizer(path)), wanted(read_model_tokenizer(expected));
  for (const bool parse_special : {false, true}) {
    EXPECT_EQ(tokenizer.encode(kText, parse_special), wanted.encode(kText, parse_special));
  }
  EXPECT_EQ(tokenizer.bos(), wanted.bos());
  EXPECT_EQ(tokenizer.eos(), wanted.eos());
  EXPECT_EQ(tokenizer.add_bos(), wanted.add_bos());
}

class Export : public ::testing::TestWithParam<LanguageArchitecture> {
 protected:
  Export() {
    write_tiny_text_model(folder_.path(), 8192, GetParam());
    source_ = open_tensor_source(folder_.path());
  }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
  TemporaryFolder folder_;
  std::unique_ptr<TensorSource> source_;
};

TEST_P(Export, FoldersHoldTheSameModel) {
  for (const GgmlType type : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16}) {
    write_hugging_face_folder(*source_, folder_.path(), type, file("copy"));
    const auto copy = open_tensor_source(file("copy"));
    EXPECT_EQ(copy->type_name("model.norm.weight"), ggml_layout(type).name);
    expect_same_tensors(*copy, *source_);
    expect_same_tokens(file("copy"), folder_.path());
  }
}

TEST_P(Export, GgufFilesHoldTheSameModel) {
  for (const GgmlType type : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16}) {
    write_gguf_model(*source_, folder_.path(), type, file("copy.gguf"));
    const auto copy = open_tensor_source(file("copy.gguf"));
    EXPECT_EQ(copy->config().head_dim, 16);
    EXPECT_EQ(copy->config().rope_theta, source_->config().rope_theta);
    EXPECT_EQ(copy->type_name("model.norm.weight"), std::string("F32"));
    EXPECT_EQ(copy->type_name("model.layers.1.mlp.up_proj.weight"), ggml_layout(type).name);
    expect_same_tensors(*copy, *source_);
    expect_same_tokens(file("copy.gguf"), folder_.path());
  }
}

TEST_P(Export, Q8IsNearAndOddRowsStayF16) {
  write_gguf_model(*source_, folder_.path(), GgmlType::kQ8_0, file("copy.gguf"));
  const auto copy = open_tensor_source(file("copy.gguf"));
  EXPECT_EQ(copy->type_name("model.layers.0.self_attn.q_proj.weight"), std::string("Q8_0"));
  EXPECT_EQ(copy->type_name("model.layers.0.mlp.down_proj.weight"), std::string("F16")) << "rows of 48";
  expect_same_tensors(*copy, *source_, 0.5f / 127 / 2 + 1e-3f);
}

TEST_P(Export, AGgufFileBecomesAFolder) {
  write_gguf_model(*source_, folder_.path(), GgmlType::kF32, file("copy.gguf"));
  const auto gguf = open_tensor_source(file("copy.gguf"));
  write_hugging_face_folder(*gguf, file("copy.gguf"), GgmlType::kF32, file("back"));
  const auto back = open_tensor_source(file("back"));
  expect_same_tensors(*back, *source_);
  expect_same_tokens(file("back"), folder_.path());
  EXPECT_EQ(back->config().eos_token_ids, source_->config().eos_token_ids);
}

INSTANTIATE_TEST_SUITE_P(Both, Export, ::testing::ValuesIn(kBoth));

TEST(TokenizerFiles, EveryFamilyComesBack) {
  const TemporaryFolder folder;
  for (const char* family : {"gpt2", "llama3", "qwen2", "smollm"}) {
    const TokenizerSpec spec = read_tokenizer_json(golden_path(std::string(family) + ".json"));
    write_tokenizer_files({spec, "{{ messages }}"}, folder.path());
    const ModelTokenizer back = read_tokenizer(folder.path());
    EXPECT_EQ(back.chat_template, "{{ messages }}");
    const Tokenizer written(back.spec), original(spec);
    EXPECT_EQ(written.encode(kText, true), original.encode(kText, true)) << family;
    EXPECT_EQ(back.spec.bos, spec.bos);
    EXPECT_EQ(back.spec.add_bos, spec.add_bos);
  }
}

TEST(TokenizerFiles, UnknownPatternsHaveNoGgufName) {
  TokenizerSpec spec = read_tokenizer_json(golden_path("gpt2.json"));
  spec.split_patterns = {"[a-z]+"};
  GgufMetadata metadata;
  EXPECT_ERROR(add_tokenizer_metadata({spec, ""}, 10, metadata), ErrorKind::kUnsupported, "llama.cpp has no name");
}

std::vector<float> through(GgmlType type, const std::vector<float>& values) {
  std::vector<std::byte> stored;
  quantize(type, values, stored);
  std::vector<float> back(values.size());
  dequantize(type, stored, back);
  return back;
}

TEST(Quantize, HalvesRoundToNearestEven) {
  const float tiny = std::ldexp(1.0f, -24);  // the smallest half
  const std::vector<float> values = {0.0f,        -0.0f,       1.0f,     1.0f + 0x1p-11f, 1.0f + 0x3p-11f,
                                     65504.0f,    65519.0f,    65520.0f, -1e10f,          tiny,
                                     tiny * 0.5f, tiny * 1.5f, 0x1p-14f, 0x1.ffcp-15f,    0x1.ffep-15f};
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> expected = {0.0f,     -0.0f,    1.0f,     1.0f,         1.0f + 0x2p-10f,
                                       65504.0f, 65504.0f, infinity, -infinity,    tiny,
                                       0.0f,     tiny * 2, 0x1p-14f, 0x1.ff8p-15f, 0x1p-14f};
  const std::vector<float> halves = through(GgmlType::kF16, values);
  for (size_t i = 0; i < values.size(); ++i) {
    if (i == 13) continue;  // checked by its error
    EXPECT_EQ(halves[i], expected[i]) << values[i];
  }
  EXPECT_LE(std::abs(halves[13] - values[13]), tiny / 2);
}

TEST(Quantize, Q8ErrorIsAtMostHalfAStep) {
  std::vector<float> values;
  for (int i = 0; i < 96; ++i) values.push_back(std::sin(static_cast<float>(i)) * (i < 32 ? 1.0f : 100.0f));
  for (int i = 64; i < 96; ++i) values[static_cast<size_t>(i)] = 0;
  const std::vector<float> back = through(GgmlType::kQ8_0, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float step = (i < 32 ? 1.0f : 100.0f) / 127;
    EXPECT_NEAR(back[i], values[i], i < 64 ? step * 0.56f : 0.0f);
  }
}

TEST(Quantize, NamesOfTypes) {
  EXPECT_EQ(ggml_type(*value_named<FileDtype>("bf16")), GgmlType::kBF16);
  EXPECT_EQ(ggml_type(*value_named<FileDtype>("q8_0")), GgmlType::kQ8_0);
  EXPECT_EQ(ggml_type(*value_named<FileDtype>("fp16")), GgmlType::kF16);
  EXPECT_EQ(name_of(FileDtype::kQ8_0), "q8_0");
}

}  // namespace
}  // namespace manyshot
