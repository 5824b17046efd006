// Tiled attention, packed rows and sums over a vocabulary, on every instruction set of this machine.
#include "kernels/tile_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/log_sum_exp.h"
#include "kernels/scalar.h"
#include "kernels/testing.h"

namespace manyshot::kernels {
namespace {

class TileAttention : public AtLevel {};
class LogSumExp : public AtLevel {};
INSTANTIATE_TEST_SUITE_P(All, TileAttention, every_level(), level_name);
INSTANTIATE_TEST_SUITE_P(All, LogSumExp, every_level(), level_name);

struct Problem {
  size_t head_dim, num_keys;
  std::vector<float> queries, keys, values;  // values that bf16 has
  std::vector<size_t> visible;               // per query, in the text
};

Problem problem(size_t head_dim, size_t num_keys, std::vector<size_t> visible) {
  const auto rounded = [](std::vector<float> values) {
    for (float& value : values) value = static_cast<float>(BFloat16(value));
    return values;
  };
  const double query_scale = 3 * kQueryScaleBase / std::sqrt(static_cast<double>(head_dim));
  return {head_dim,
          num_keys,
          rounded(random_vector("queries", visible.size() * head_dim, query_scale)),
          rounded(random_vector("keys", num_keys * head_dim)),
          rounded(random_vector("values", num_keys * head_dim)),
          std::move(visible)};
}

// Queries [first, last) of the problem, tile by tile.
template <class T>
std::vector<float> attend(const Problem& p, size_t first, size_t last) {
  const size_t M = last - first, tile_size = KeyValueTile<T>::size(p.head_dim);
  const size_t num_tiles = round_up(p.num_keys, kKeyTile) / kKeyTile;
  AlignedBuffer<T> tiles(num_tiles * tile_size), queries(M * p.head_dim), out(M * p.head_dim);
  for (size_t key = 0; key < p.num_keys; ++key) {
    KeyValueTile<T>::set(tiles.data() + key / kKeyTile * tile_size, p.head_dim, key % kKeyTile,
                         p.keys.data() + key * p.head_dim, p.values.data() + key * p.head_dim);
  }
  for (size_t i = 0; i < queries.size(); ++i) queries[i] = T(p.queries[first * p.head_dim + i]);
  AlignedBuffer<float> sums(M * p.head_dim), highest(M), totals(M * kPanelWidth);
  const RunningAttention<T> rows{queries.data(), sums.data(), highest.data(), totals.data()};
  start_attention(rows, M, p.head_dim);
  for (size_t tile = 0; tile < num_tiles; ++tile) {
    for (size_t row = 0; row < M;) {  // consecutive queries that see the tile
      size_t end = row;
      std::vector<uint8_t> visible;
      for (; end < M && p.visible[first + end] > tile * kKeyTile; ++end) {
        visible.push_back(static_cast<uint8_t>(std::min(p.visible[first + end] - tile * kKeyTile, kKeyTile)));
      }
      if (end > row) {
        attend_tile(rows.from(row, p.head_dim), end - row, p.head_dim, tiles.data() + tile * tile_size, visible.data());
      }
      row = std::max(end, row + 1);
    }
  }
  finish_attention(rows, M, p.head_dim, {out.data(), p.head_dim});
  std::vector<float> result(out.size());
  for (size_t i = 0; i < out.size(); ++i) result[i] = static_cast<float>(out[i]);
  return result;
}

std::vector<Problem> problems() {
  std::vector<Problem> all;
  for (size_t head_dim : {16, 64, 80, 128}) {
    std::vector<size_t> causal(150);
    for (size_t row = 0; row < causal.size(); ++row) causal[row] = row + 1;
    all.push_back(problem(head_dim, causal.size(), causal));
    all.push_back(problem(head_dim, 300, {300, 1, 64, 65, 128, 300, 299, 17}));
  }
  return all;
}

template <class T>
void expect_definition(double tolerance) {
  for (const Problem& p : problems()) {
    std::vector<float> expected(p.visible.size() * p.head_dim);
    scalar::tiled_attention(p.queries.data(), p.head_dim, p.keys.data(), p.values.data(), p.visible, expected.data());
    const std::vector<float> found = attend<T>(p, 0, p.visible.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], tolerance) << "head_dim " << p.head_dim << ", query " << i / p.head_dim;
    }
  }
}

// Weights of values up to 4 in size, rounded to bf16 with a relative error of 2^-9, and so is the result.
constexpr double kBf16Tolerance = 0.03;

TEST_P(TileAttention, Float32) { expect_definition<float>(3e-6); }

TEST_P(TileAttention, BFloat16) {
  if (!kernels::has_bf16(GetParam())) GTEST_SKIP() << "needs avx512_bf16";
  expect_definition<BFloat16>(kBf16Tolerance);
}

template <class T>
void expect_queries_do_not_see_each_other() {
  for (const Problem& p : problems()) {
    const std::vector<float> all = attend<T>(p, 0, p.visible.size());
    for (size_t first = 0; first + 7 <= p.visible.size(); first += 5) {
      for (size_t count : {1, 2, 7}) {
        const std::vector<float> part = attend<T>(p, first, first + count);
        ASSERT_TRUE(
            std::equal(part.begin(), part.end(), all.begin() + static_cast<std::ptrdiff_t>(first * p.head_dim)));
      }
    }
  }
}

TEST_P(TileAttention, GivesAQueryTheSameBitsInAnyBatch) {
  expect_queries_do_not_see_each_other<float>();
  if (kernels::has_bf16(GetParam())) expect_queries_do_not_see_each_other<BFloat16>();
}

// Places behind a query's last key may hold anything finite.
template <class T>
void expect_unseen_keys_do_not_matter() {
  Problem p = problem(64, 70, {66, 67});
  const std::vector<float> before = attend<T>(p, 0, 2);
  std::fill(p.keys.begin() + 67 * 64, p.keys.end(), 1e4f);
  std::fill(p.values.begin() + 67 * 64, p.values.end(), -1e4f);
  EXPECT_EQ(attend<T>(p, 0, 2), before);
}

TEST_P(TileAttention, UnseenKeysDoNotMatter) {
  expect_unseen_keys_do_not_matter<float>();
  if (kernels::has_bf16(GetParam())) expect_unseen_keys_do_not_matter<BFloat16>();
}

template <class T>
void expect_copies_of_places() {
  const size_t head_dim = 48, size = KeyValueTile<T>::size(head_dim);
  const auto keys = random_vector("keys", kKeyTile * head_dim), values = random_vector("values", kKeyTile * head_dim);
  AlignedBuffer<T> from(size);
  for (size_t count = 0; count <= kKeyTile; ++count) {
    AlignedBuffer<T> copy(size), expected(size);
    for (size_t place = 0; place < kKeyTile; ++place) {
      const float *key = keys.data() + place * head_dim, *value = values.data() + place * head_dim;
      KeyValueTile<T>::set(from.data(), head_dim, place, key, value);
      if (place < count) KeyValueTile<T>::set(expected.data(), head_dim, place, key, value);
    }
    KeyValueTile<T>::copy_places(from.data(), head_dim, count, copy.data());
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(static_cast<float>(copy[i]), static_cast<float>(expected[i])) << count;
  }
}

TEST(KeyValueTile, CopiesPlaces) {
  expect_copies_of_places<float>();
  expect_copies_of_places<BFloat16>();
}

template <class T>
void expect_rows_come_back() {
  const size_t N = 37, K = 19;
  const auto weight = random_vector("weight", N * K);
  PackedMatrix<T> matrix(N, K + 5);
  matrix.set_rows(30, std::span(weight).subspan(30 * K), K);
  matrix.set_rows(0, std::span(weight).first(30 * K), K);
  for (size_t row = 0; row < N; ++row) {
    std::vector<float> found(K + 5);
    matrix.get_row(row, K + 5, found.data());
    for (size_t k = 0; k < K; ++k) EXPECT_EQ(found[k], static_cast<float>(T(weight[row * K + k])));
    for (size_t k = K; k < K + 5; ++k) EXPECT_EQ(found[k], 0);
  }
}

TEST(PackedMatrix, RowsComeBack) {
  expect_rows_come_back<float>();
  expect_rows_come_back<BFloat16>();
}

TEST_P(LogSumExp, OfAnyCount) {
  for (size_t count : {1, 7, 16, 17, 512}) {
    auto logits = random_vector("logits", round_up(count, 16), 10);
    std::fill(logits.begin() + static_cast<std::ptrdiff_t>(count), logits.end(), 1e30f);  // padding is not read
    const ExpSum found = exp_sum(logits.data(), count), expected = scalar::exp_sum(logits.data(), count);
    EXPECT_EQ(found.largest, expected.largest);
    EXPECT_NEAR(found.sum, expected.sum, 1e-5 * expected.sum);
  }
}

}  // namespace
}  // namespace manyshot::kernels
