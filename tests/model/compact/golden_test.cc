// The first default weights against logits computed by PyTorch when they were made (tests/data/compact_golden), for
// every engine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "kernels/simd.h"
#include "model/model.h"
#include "model/tolerances.h"
#include "support/source_path.h"

namespace manyshot {

using kernels::simd_level;
using kernels::SimdLevel;

namespace {

constexpr TokenId kFirstLabel = 1000, kBar = 1010;
constexpr int kNumLabels = 10;

struct GoldenCase {
  Engine engine;
  DType dtype;
  double tolerance;
};
constexpr GoldenCase kCases[] = {{Engine::kReference, DType::kFloat32, kAgainstGolden.float32},
                                 {Engine::kFused, DType::kFloat32, kAgainstGolden.float32},
                                 {Engine::kFused, DType::kBFloat16, kAgainstGolden.bfloat16}};

struct Task {
  Prompt prompt;
  QueryTokens queries;
};

Task read_task(const Json& golden) {
  Task task;
  task.prompt.layout = PromptLayout::kRows;
  const auto& values = golden.at("values");
  const auto& labels = golden.at("labels");
  task.prompt.num_features = values.at(0).size();
  for (size_t row = 0; row < values.size(); ++row) {
    auto& tokens = row < labels.size() ? task.prompt.context : task.queries.tokens;
    for (const auto& value : values[row]) tokens.push_back(value.get<TokenId>());
    tokens.push_back(kBar);
    if (row < labels.size()) {
      tokens.push_back(kFirstLabel + labels[row].get<TokenId>());
    } else {
      task.queries.offsets.push_back(tokens.size());
    }
  }
  for (int label = 0; label < kNumLabels; ++label) task.prompt.answers.push_back({kFirstLabel + label});
  return task;
}

std::vector<double> log_softmax(const Json& logits) {
  double sum = 0;
  for (const auto& logit : logits) sum += std::exp(logit.get<double>());
  std::vector<double> out;
  for (const auto& logit : logits) out.push_back(logit.get<double>() - std::log(sum));
  return out;
}

double largest_difference(const Json& golden_rows, const std::vector<float>& got) {
  double largest = 0;
  size_t next = 0;
  for (const auto& row : golden_rows) {
    for (double expected : log_softmax(row)) largest = std::max(largest, std::abs(expected - got.at(next++)));
  }
  EXPECT_EQ(next, got.size());
  return largest;
}

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, LogLikelihoodsOfQueriesAndLabelledRows) {
  const GoldenCase& golden_case = GetParam();
  if (golden_case.dtype == DType::kBFloat16 && !kernels::has_bf16(simd_level())) {
    GTEST_SKIP() << "this processor has no avx512_bf16";
  }
  if (golden_case.engine == Engine::kReference && !MANYSHOT_HAS_TORCH) GTEST_SKIP() << "built without libtorch";
  const auto model =
      load_model(source_path("tests/data/compact_golden"), {.dtype = golden_case.dtype, .engine = golden_case.engine});
  const Json tasks = Json::parse(read_file(source_path("tests/data/compact_golden/golden.json")));
  ASSERT_EQ(tasks.size(), 3u);
  double queries = 0, prequential = 0;
  for (const Json& golden : tasks) {
    const Task task = read_task(golden);
    const auto context = model->encode(task.prompt);
    std::vector<float> scores(task.queries.size() * kNumLabels);
    context->score(task.queries, scores);
    queries = std::max(queries, largest_difference(golden.at("query_logits_f32"), scores));
    prequential =
        std::max(prequential, largest_difference(golden.at("prequential_logits_f32"), context->prequential()));
  }
  EXPECT_LT(queries, golden_case.tolerance);
  EXPECT_LT(prequential, golden_case.tolerance);
  RecordProperty("query_nats", std::to_string(queries));
  RecordProperty("prequential_nats", std::to_string(prequential));
}

INSTANTIATE_TEST_SUITE_P(Engines, Golden, testing::ValuesIn(kCases), [](const auto& test) {
  return fmt::format("{}_{}", name_of(test.param.engine), name_of(test.param.dtype));
});

}  // namespace
}  // namespace manyshot
