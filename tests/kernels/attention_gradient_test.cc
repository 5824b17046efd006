// Gradients of attention and of the softmax over a vocabulary, on every instruction set of this machine.
#include "kernels/attention_gradient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cross_entropy.h"
#include "kernels/log_sum_exp.h"
#include "kernels/testing.h"
#include "kernels/transposed_matrix.h"

namespace manyshot::kernels {
namespace {

class AttentionGradient : public AtLevel {};
class VocabularyGradient : public AtLevel {};
INSTANTIATE_TEST_SUITE_P(All, AttentionGradient, every_level(), level_name);
INSTANTIATE_TEST_SUITE_P(All, VocabularyGradient, every_level(), level_name);

struct Gradients {
  std::vector<double> queries, keys, values;
};

// One text of one head group, in f64: log-sum-exps and dots as the forward pass would keep them, and all gradients.
template <class T>
struct Text {
  size_t num_tokens, group, head_dim;
  AlignedBuffer<T> queries, keys, values, out_gradients;
  std::vector<float> log_sums, dots;
  Gradients expected;

  Text(size_t tokens, size_t heads, size_t dim)
      : num_tokens(tokens),
        group(heads),
        head_dim(dim),
        queries(random_values<T>("queries", tokens * heads * dim, 2 * kQueryScaleBase / std::sqrt(double(dim)))),
        keys(random_values<T>("keys", tokens * dim)),
        values(random_values<T>("values", tokens * dim)),
        out_gradients(random_values<T>("gradients", tokens * heads * dim)),
        log_sums(tokens * heads),
        dots(tokens * heads),
        expected{std::vector<double>(tokens * heads * dim), std::vector<double>(tokens * dim),
                 std::vector<double>(tokens * dim)} {
    for (size_t row = 0; row < tokens * heads; ++row) differentiate(row);
  }

  static double dot(const T* a, const T* b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += static_cast<double>(static_cast<float>(a[i])) * static_cast<float>(b[i]);
    return sum;
  }

  void differentiate(size_t row) {
    const size_t seen = row / group + 1;
    const T *query = queries.data() + row * head_dim, *gradient = out_gradients.data() + row * head_dim;
    std::vector<double> weights(seen), weight_gradients(seen);
    double total = 0, mean = 0;
    for (size_t key = 0; key < seen; ++key) {
      weights[key] = std::exp2(dot(query, keys.data() + key * head_dim, head_dim));
      weight_gradients[key] = dot(gradient, values.data() + key * head_dim, head_dim);
      total += weights[key];
    }
    for (size_t key = 0; key < seen; ++key) mean += (weights[key] /= total) * weight_gradients[key];
    log_sums[row] = static_cast<float>(std::log2(total));
    dots[row] = static_cast<float>(mean);
    for (size_t key = 0; key < seen; ++key) {
      const double slope = weights[key] * (weight_gradients[key] - mean);
      for (size_t i = 0; i < head_dim; ++i) {
        expected.queries[row * head_dim + i] += slope * static_cast<float>(keys[key * head_dim + i]);
        expected.keys[key * head_dim + i] += slope * static_cast<float>(query[i]);
        expected.values[key * head_dim + i] += weights[key] * static_cast<float>(gradient[i]);
      }
    }
  }

  AttentionGroup<T> input() const {
    return {num_tokens,      group,       head_dim,    queries.data(), out_gradients.data(),
            log_sums.data(), dots.data(), keys.data(), values.data(),  head_dim};
  }
};

double relative_error(const std::vector<double>& expected, const AlignedBuffer<float>& found) {
  double error = 0, size = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error += (expected[i] - found[i]) * (expected[i] - found[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(error / size);
}

template <class T>
void expect_gradients(double tolerance) {
  struct Case {
    size_t tokens, group, head_dim;
  };
  for (const Case& c : {Case{1, 1, 16}, {65, 3, 64}, {150, 7, 32}, {611, 3, 64}, {130, 1, 128}}) {
    const Text<T> text(c.tokens, c.group, c.head_dim);
    AlignedBuffer<float> queries(text.queries.size()), keys(text.keys.size()), values(text.values.size());
    AttentionGradientKernel<T> kernel({c.group, 1, c.head_dim});
    for (size_t first = 0; first < c.tokens; first += 128) {  // parts of the keys
      kernel.run(text.input(), first, std::min(first + 128, c.tokens),
                 {queries.data(), keys.data(), values.data(), c.head_dim});
    }
    if (c.tokens > 1) {  // a single key has weight 1 and no slope
      EXPECT_LT(relative_error(text.expected.queries, queries), tolerance) << c.tokens << " tokens";
      EXPECT_LT(relative_error(text.expected.keys, keys), tolerance) << c.tokens << " tokens";
    }
    EXPECT_LT(relative_error(text.expected.values, values), tolerance) << c.tokens << " tokens";
  }
}

TEST_P(AttentionGradient, Float32) { expect_gradients<float>(2e-6); }

TEST_P(AttentionGradient, BFloat16) {
  if (!kernels::has_bf16(GetParam())) GTEST_SKIP() << "needs avx512_bf16";
  expect_gradients<BFloat16>(5e-3);
}

template <class T>
void expect_vocabulary_gradient(double tolerance) {
  for (size_t count : {16, 37, 512}) {
    AlignedBuffer<float> logits = random_values<float>("logits", round_up(count, 16), 3);
    for (size_t i = 0; i < count; ++i) logits[i] += 50;  // where a float's last place is 4e-6
    double exact_sum = 0;
    for (size_t i = 0; i < count; ++i) exact_sum += std::exp(static_cast<double>(logits[i]));
    const auto probability = [&](size_t i) { return std::exp(static_cast<double>(logits[i])) / exact_sum; };
    const ExpSum sum = exp_sum(logits.data(), count);
    const Normaliser normaliser{sum.largest, sum.sum};
    const float factor = 0.25f;
    AlignedBuffer<T> gradients(round_up(count, 16));
    softmax_gradient(logits.data(), count, normaliser, factor, gradients.data());
    for (size_t i = 0; i < count; ++i) {
      const double expected = factor * probability(i);
      EXPECT_NEAR(static_cast<float>(gradients[i]), expected, tolerance * expected);
    }
    for (size_t i = count; i < gradients.size(); ++i) EXPECT_EQ(static_cast<float>(gradients[i]), 0.0f);
    EXPECT_NEAR(softmax_gradient_at(logits[1], normaliser, factor), factor * (probability(1) - 1), 1e-7);
  }
}

TEST_P(VocabularyGradient, IsFactorTimesProbability) {
  expect_vocabulary_gradient<float>(6e-7);
  expect_vocabulary_gradient<BFloat16>(4e-3);
}

TEST(TransposedMatrix, HasColumnsAsRows) {
  constexpr size_t kOutputs = 48, kInputs = 21;
  std::vector<float> weight(kOutputs * kInputs), column(kOutputs);
  const AlignedBuffer<BFloat16> values = random_values<BFloat16>("weight", weight.size());
  for (size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(values[i]);
  const auto expect_columns = [&](const auto& matrix) {
    const auto turned = transposed(matrix, kOutputs, kInputs);
    for (size_t input = 0; input < kInputs; ++input) {
      turned.get_row(input, kOutputs, column.data());
      for (size_t output = 0; output < kOutputs; ++output) EXPECT_EQ(column[output], weight[output * kInputs + input]);
    }
  };
  expect_columns(PackedMatrix<float>(weight, kOutputs, kInputs));
  expect_columns(PackedMatrix<BFloat16>(weight, kOutputs, kInputs));
}

}  // namespace
}  // namespace manyshot::kernels
