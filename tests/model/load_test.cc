// What load_model and encode say about models and prompts that do not fit.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/files.h"
#include "kernels/simd.h"
#include "model/model.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/temporary_folder.h"

namespace manyshot {

using kernels::limit_simd;

namespace {

class Load : public testing::Test {
 protected:
  Load() { write_model(folder_, model_); }
  void TearDown() override { limit_simd(nullptr); }
  void expect_error(ErrorKind kind, const std::string& message, const LoadOptions& options = {}) {
    EXPECT_ERROR(load_model(folder_.path(), options), kind, message);
  }
  void rewrite(const std::vector<RandomTensor>& tensors) {
    folder_.write("model.safetensors", safetensors_of(tensors));
  }

  RandomModel model_;
  TemporaryFolder folder_;
};

TEST_F(Load, FilesThatAreMissing) {
  EXPECT_ERROR(load_model(folder_.path() + "/no"), ErrorKind::kNotFound, "no such model folder");
  EXPECT_ERROR(load_model(folder_.path() + "/config.json"), ErrorKind::kBadInput,
               "is one file of a model; give its folder");
  EXPECT_ERROR(load_model(folder_.write("notes", "")), ErrorKind::kNotFound,
               "a model is a folder with config.json and model.safetensors, this is a file");
  std::filesystem::remove(folder_.path() + "/model.safetensors");
  expect_error(ErrorKind::kNotFound, "no model.safetensors in this folder");
  std::filesystem::remove(folder_.path() + "/config.json");
  expect_error(ErrorKind::kNotFound, "no config.json in this folder");
}

TEST_F(Load, TruncatedWeights) {
  const std::string whole = read_file(folder_.path() + "/model.safetensors");
  for (size_t length : {size_t{0}, size_t{5}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    folder_.write("model.safetensors", whole.substr(0, length));
    expect_error(ErrorKind::kCorruptFile, "model.safetensors");
  }
}

TEST_F(Load, TensorsThatDoNotFitTheConfig) {
  auto tensors = model_.tensors();
  tensors.erase(tensors.begin() + 5);
  rewrite(tensors);
  expect_error(ErrorKind::kCorruptFile, "tensor \"model.layers.0.self_attn.k_proj.weight\" [32, 32] is missing");
  tensors = model_.tensors();
  std::swap(tensors[8].shape[0], tensors[8].shape[1]);
  rewrite(tensors);
  expect_error(ErrorKind::kCorruptFile,
               "tensor \"model.layers.0.mlp.gate_proj.weight\" has shape [32, 40], config.json calls for [40, 32]");
  tensors = model_.tensors();
  tensors[3].values[7] = NAN;
  rewrite(tensors);
  expect_error(ErrorKind::kCorruptFile,
               "tensor \"model.layers.0.post_attention_layernorm.weight\" holds nan at position 7");
}

TEST_F(Load, OptionsThatMakeNoSense) {
  expect_error(ErrorKind::kUnsupported, "engine reference computes in float32",
               {.dtype = DType::kBFloat16, .engine = Engine::kReference});
}

TEST_F(Load, BFloat16NeedsTheInstruction) {
  limit_simd("baseline");
  expect_error(ErrorKind::kUnsupported, "dtype bfloat16 needs a processor with avx512_bf16, in use is baseline",
               {.dtype = DType::kBFloat16});
  EXPECT_EQ(load_model(folder_.path())->info().engine, "fused float32 (baseline)");
}

TEST_F(Load, ReferenceEngineOrAClearLine) {
  if (MANYSHOT_HAS_TORCH) {
    EXPECT_EQ(load_model(folder_.path(), {.engine = Engine::kReference})->info().engine, "reference");
  } else {
    expect_error(ErrorKind::kUnsupported, "engine reference needs libmanyshot_torch.so",
                 {.engine = Engine::kReference});
  }
}

TEST_F(Load, PromptsThatDoNotFitTheModel) {
  const auto model = load_model(folder_.path());
  const auto expect_bad = [&](const Prompt& prompt, const std::string& message) {
    EXPECT_ERROR(model->encode(prompt), ErrorKind::kBadInput, message);
  };
  const Prompt good = model_.prompt(3, 2);
  Prompt bad = good;
  bad.layout = PromptLayout::kFlat;
  expect_bad(bad, "a compact model reads prompts in rows");
  expect_bad(model_.prompt(1, 65), "the prompt has 65 feature columns, the model reads 1 to 64");
  bad = good;
  bad.context.pop_back();
  expect_bad(bad, "the context has 11 tokens; expected one or more labelled rows of 4 tokens");
  bad = good;
  bad.context.clear();
  expect_bad(bad, "the context has 0 tokens");
  bad = good;
  bad.context[5] = 100;
  expect_bad(bad, "labelled row 1, column 1: token 100 is no number code; expected 0..99");
  bad = good;
  bad.context[2] = 7;
  expect_bad(bad, "labelled row 0: token 7 stands where the bar 110 belongs, behind 2 values");
  bad = good;
  bad.context[11] = 5;
  expect_bad(bad, "labelled row 2: token 5 is no label; expected 100..109");
  bad = good;
  bad.answers[1] = {100, 101};
  expect_bad(bad, "answer 1 has 2 tokens (100 first); a compact model answers with one label token");
  bad.answers = {{}};
  expect_bad(bad, "answer 0 has 0 tokens; a compact model");
  bad.answers.clear();
  expect_bad(bad, "the prompt names no answers to score");
}

TEST_F(Load, QueriesThatDoNotFitTheContext) {
  const auto context = load_model(folder_.path())->encode(model_.prompt(3, 2));
  std::vector<float> scores(100);
  EXPECT_ERROR(context->score(model_.queries(2, 3), scores), ErrorKind::kBadInput,
               "query 0 has 4 tokens; expected 2 values and the bar");
  QueryTokens queries = model_.queries(2, 2);
  queries.tokens[4] = -1;
  EXPECT_ERROR(context->score(queries, scores), ErrorKind::kBadInput, "query 1, column 1: token -1 is no number code");
  queries = model_.queries(2, 2);
  queries.tokens[5] = 3;
  EXPECT_ERROR(context->score(queries, scores), ErrorKind::kBadInput,
               "query 1: token 3 stands where the bar 110 belongs");
}

}  // namespace
}  // namespace manyshot
