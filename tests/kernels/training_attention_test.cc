// The attentions of `compact` training, forward and backward, against plain loops in double.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "kernels/attention_reference.h"
#include "kernels/context_attention.h"
#include "kernels/row_group_attention.h"
#include "kernels/testing.h"

namespace manyshot::kernels {
namespace {

template <class T>
void expect_near(const std::vector<T>& values, const std::vector<double>& expected, double tolerance,
                 const std::string& name) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(static_cast<float>(values[i]), expected[i], tolerance) << name << " at " << i;
  }
}

void check_row_groups(const AttentionShape& shape, const RowGroup& rows) {
  SCOPED_TRACE(testing::Message() << rows.num_rows << " rows of " << rows.num_tokens << " from " << rows.first_query);
  const size_t width = shape.query_width(), kv_width = shape.key_width();
  const size_t num_queries = rows.num_rows * rows.num_queries(), num_keys = rows.num_rows * rows.num_tokens;
  const auto q = random_vector("q", num_queries * width, 0.3f), k = random_vector("k", num_keys * kv_width),
             v = random_vector("v", num_keys * kv_width), dout = random_vector("dout", num_queries * width);
  const AttentionInput in{q.data(), k.data(), v.data(), width, kv_width};
  std::vector<float> scratch(row_group_scratch(shape, rows.num_tokens)), out(q.size()), dq(q.size()), dk(k.size()),
      dv(v.size());
  row_group_attention(shape, in, rows, scratch.data(), {out.data(), width});
  row_group_attention_backward(shape, in, rows, {dout.data(), width}, scratch.data(),
                               {dq.data(), dk.data(), dv.data(), width, kv_width});
  const ReferenceAttention expected = reference_attention(shape, q, k, v, dout, [&](size_t query, size_t key) {
    return query / rows.num_queries() == key / rows.num_tokens &&
           key % rows.num_tokens <= rows.first_query + query % rows.num_queries();
  });
  expect_near(out, expected.out, 2e-5, "out");
  expect_near(dq, expected.dq, 1e-4, "dq");
  expect_near(dk, expected.dk, 1e-4, "dk");
  expect_near(dv, expected.dv, 1e-4, "dv");
}

TEST(TrainingAttention, RowGroups) {
  at_every_level([](SimdLevel) {
    const AttentionShape plain{2, 2, 16}, grouped{4, 2, 32};
    check_row_groups(plain, {.num_rows = 1, .num_tokens = 3, .first_query = 0});
    check_row_groups(plain, {.num_rows = 18, .num_tokens = 7, .first_query = 0});
    check_row_groups(grouped, {.num_rows = 16, .num_tokens = 12, .first_query = 10});
    check_row_groups(grouped, {.num_rows = 5, .num_tokens = 9, .first_query = 8});
  });
}

template <class T>
void check_summaries(const AttentionShape& shape, const SummaryTokens& tokens, double tolerance) {
  SCOPED_TRACE(testing::Message() << tokens.num_labelled << " + " << tokens.num_queries);
  const size_t width = shape.query_width(), kv_width = shape.key_width(), count = tokens.size();
  const auto q = random_vector("q", count * width, 0.3f), k = random_vector("k", count * kv_width),
             v = random_vector("v", count * kv_width), dout = random_vector("dout", count * width);
  const AttentionInput in{q.data(), k.data(), v.data(), width, kv_width};
  std::vector<T> out(q.size());
  std::vector<float> log_sums(count * shape.num_heads), dq(q.size()), dk(k.size()), dv(v.size());
  ContextAttention<T> attention(shape, count, tokens.num_labelled);
  attention.forward(tokens, in, {out.data(), width}, log_sums.data());
  attention.backward(tokens, in, {out.data(), width}, log_sums.data(), {dout.data(), width},
                     {dq.data(), dk.data(), dv.data(), width, kv_width});
  const ReferenceAttention expected = reference_attention(shape, q, k, v, dout, [&](size_t query, size_t key) {
    const bool is_label = key < 2 * tokens.num_labelled && key % 2 == 1;
    const bool same_row = tokens.is_query(query) ? key == query : key / 2 == query / 2 && !tokens.is_query(key);
    if (same_row && (key == query || key + 1 == query)) return true;
    return is_label && (tokens.is_query(query) || key / 2 < query / 2);
  });
  expect_near(out, expected.out, tolerance, "out");
  expect_near(dq, expected.dq, 5 * tolerance, "dq");
  expect_near(dk, expected.dk, 5 * tolerance, "dk");
  expect_near(dv, expected.dv, 5 * tolerance, "dv");
}

TEST(TrainingAttention, Summaries) {
  at_every_level([](SimdLevel level) {
    const AttentionShape plain{2, 2, 16}, grouped{4, 2, 32};
    for (const SummaryTokens& tokens :
         {SummaryTokens{1, 0}, SummaryTokens{1, 2}, SummaryTokens{45, 17}, SummaryTokens{33, 70}}) {
      check_summaries<float>(plain, tokens, 5e-5);
      check_summaries<float>(grouped, tokens, 5e-5);
      if (kernels::has_bf16(level)) check_summaries<BFloat16>(grouped, tokens, 3e-2);
    }
  });
}

}  // namespace
}  // namespace manyshot::kernels
