// Log-probabilities of transformers in float32 on two tiny random models (Llama with llama3 scaling and a tied head,
// Qwen2 with YaRN), made by tools/parity/language_parity.py --golden.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "kernels/simd.h"
#include "model/dtype.h"
#include "model/language/language_model.h"
#include "model/tolerances.h"
#include "support/source_path.h"

namespace manyshot {

using kernels::available_simd_levels;
using kernels::SimdLevel;

namespace {

class GoldenDecoder : public testing::TestWithParam<const char*> {
 protected:
  void expect_close(DType dtype, double tolerance) {
    const std::string folder = source_path("tests/data/language/") + GetParam();
    const Json golden = Json::parse(read_file(folder + "/golden.json"));
    const auto tokens = golden.at("tokens").get<std::vector<TokenId>>();
    const auto expected = golden.at("log_probs").get<std::vector<double>>();
    const auto model = LanguageModel::load(*open_tensor_source(folder), dtype);
    const Branch branch{nullptr, tokens, 1};
    const std::vector<float> found = model->score({&branch, 1}).front().log_probs;
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
  }
};

TEST_P(GoldenDecoder, Float32) { expect_close(DType::kFloat32, kLanguageAgainstTransformers.float32); }

TEST_P(GoldenDecoder, BFloat16) {
  if (!kernels::has_bf16(available_simd_levels().back())) GTEST_SKIP() << "needs avx512_bf16";
  expect_close(DType::kBFloat16, kLanguageAgainstTransformers.bfloat16);
}

INSTANTIATE_TEST_SUITE_P(Families, GoldenDecoder, testing::Values("tiny_llama", "tiny_qwen2"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace manyshot
