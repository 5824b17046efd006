// The kernels of a GPU, compiled here as C++: every thread of a block is one of ours. And by NVRTC to PTX, where there
// is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"
#include "train/device/kernel_compiler.h"

namespace manyshot::train {
namespace {

// What CUDA C++ has of its own.
struct Index {
  unsigned x = 0, y = 0;
};
thread_local Index threadIdx, blockIdx, blockDim;
std::barrier<>* block_barrier = nullptr;
alignas(16) float shared_memory[1 << 14];

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline void __syncthreads() { block_barrier->arrive_and_wait(); }

#define __device__
#define __global__
#define HEAD_DIM 16
#define DYNAMIC_SHARED(name) float* name = shared_memory
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#include "train/device/fused_kernels.cu"
#pragma GCC diagnostic pop

constexpr int kHeads = 2;

void launch(Index grid, unsigned threads, const std::function<void()>& kernel) {
  std::barrier<> barrier(threads);
  block_barrier = &barrier;
  std::vector<std::thread> block;
  for (unsigned thread = 0; thread < threads; ++thread) {
    block.emplace_back([&, thread] {
      threadIdx = {thread, 0};
      blockDim = {threads, 1};
      for (unsigned x = 0; x < grid.x; ++x) {
        for (unsigned y = 0; y < grid.y; ++y) {
          blockIdx = {x, y};
          kernel();
          barrier.arrive_and_wait();  // the next block's shared memory is this one's
        }
      }
    });
  }
  for (std::thread& thread : block) thread.join();
}

std::vector<bf16> random_values(size_t count, uint64_t seed) {
  std::vector<bf16> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(static_cast<bf16>(to_bf16(static_cast<float>(Rng(seed).normal(i)))));
  return values;
}

double value_of(bf16 value) { return to_float(value); }

// Angles of the places [tokens, HEAD_DIM / 2].
struct PlaceAngles {
  explicit PlaceAngles(const std::vector<int>& places) {
    for (const int place : places) {
      for (int i = 0; i < kHalf; ++i) {
        cosines.push_back(std::cos(static_cast<float>(place) / static_cast<float>(1 + i)));
        sines.push_back(std::sin(static_cast<float>(place) / static_cast<float>(1 + i)));
      }
    }
  }
  std::vector<float> cosines, sines;
};

using Head = std::vector<double>;

Head head_of(const std::vector<bf16>& values, size_t begin) {
  Head head;
  for (size_t i = 0; i < HEAD_DIM; ++i) head.push_back(value_of(values[begin + i]));
  return head;
}

Head rotated(const Head& x, const PlaceAngles& angles, size_t token, double direction) {
  Head turned(HEAD_DIM);
  for (size_t i = 0; i < kHalf; ++i) {
    const double cosine = angles.cosines[token * kHalf + i], sine = direction * angles.sines[token * kHalf + i];
    turned[i] = x[i] * cosine - x[i + kHalf] * sine;
    turned[i + kHalf] = x[i + kHalf] * cosine + x[i] * sine;
  }
  return turned;
}

double product(const Head& a, const Head& b) {
  double sum = 0;
  for (size_t i = 0; i < HEAD_DIM; ++i) sum += a[i] * b[i];
  return sum;
}

void add(Head& sum, double scale, const Head& x) {
  for (size_t i = 0; i < HEAD_DIM; ++i) sum[i] += scale * x[i];
}

void expect_near(const std::vector<bf16>& found, size_t begin, const Head& expected, const char* what) {
  for (size_t i = 0; i < HEAD_DIM; ++i) {
    ASSERT_NEAR(value_of(found[begin + i]), expected[i], 0.02 + 0.02 * std::abs(expected[i]))
        << what << " " << begin + i;
  }
}

TEST(FusedKernels, Bfloat16RoundsToTheNearest) {
  EXPECT_EQ(to_bf16(1.0f), 0x3f80u);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3f808000u)), 0x3f80u) << "ties go to even";
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3f818000u)), 0x3f82u);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3f808001u)), 0x3f81u);
  EXPECT_TRUE(std::isnan(to_float(to_bf16(std::nanf("")))));
  EXPECT_EQ(pair_of(1.0f, -2.0f), 0xc0003f80u);
  EXPECT_EQ(low(0xc0003f80u), 1.0f);
  EXPECT_EQ(high(0xc0003f80u), -2.0f);
}

TEST(FusedKernels, Rotation) {
  const int tokens = 5, stride = 3 * kHeads * HEAD_DIM;
  const std::vector<bf16> x = random_values(tokens * stride, 1);
  const PlaceAngles angles({0, 1, 2, 7, 3});
  std::vector<bf16> out(tokens * kHeads * HEAD_DIM), back(tokens * stride);
  launch({.x = 1, .y = 1}, 16, [&] {
    rotate(x.data(), stride, angles.cosines.data(), angles.sines.data(), 1, tokens, kHeads, out.data(),
           kHeads * HEAD_DIM);
  });
  launch({.x = 1, .y = 1}, 16, [&] {
    rotate(out.data(), kHeads * HEAD_DIM, angles.cosines.data(), angles.sines.data(), -1, tokens, kHeads, back.data(),
           stride);
  });
  for (size_t token = 0; token < tokens; ++token) {
    for (size_t head = 0; head < kHeads; ++head) {
      const Head before = head_of(x, token * stride + head * HEAD_DIM);
      expect_near(out, (token * kHeads + head) * HEAD_DIM, rotated(before, angles, token, 1), "rotated");
      expect_near(back, token * stride + head * HEAD_DIM, before, "and back");
    }
  }
}

TEST(FusedKernels, GatedUnitWithGradient) {
  const int rows = 3, width = 10;
  const std::vector<bf16> gate_up = random_values(rows * 2 * width, 1), dout = random_values(rows * width, 2);
  std::vector<bf16> out(rows * width), gradient(rows * 2 * width);
  launch({.x = 2, .y = 1}, 8, [&] { swiglu(gate_up.data(), rows, width, out.data()); });
  launch({.x = 2, .y = 1}, 8, [&] { swiglu_gradient(gate_up.data(), dout.data(), rows, width, gradient.data()); });
  for (size_t i = 0; i < rows * width; ++i) {
    const size_t place = i / width * 2 * width + i % width;
    const double g = value_of(gate_up[place]), u = value_of(gate_up[place + width]), d = value_of(dout[i]);
    const double s = 1 / (1 + std::exp(-g));
    EXPECT_NEAR(value_of(out[i]), g * s * u, 0.01 + 0.01 * std::abs(g * s * u));
    EXPECT_NEAR(value_of(gradient[place]), d * u * (s + g * s * (1 - s)), 0.05);
    EXPECT_NEAR(value_of(gradient[place + width]), d * g * s, 0.05);
  }
}

// Rows of several lengths; `most_queries`: how many of a row's last tokens ask.
void expect_attention(int most_queries) {
  const std::vector<int> lengths = {1, 4, 40, 7};
  std::vector<int> query_end{0}, key_end{0}, key_places, query_places;
  for (const int length : lengths) {
    const int queries = std::min(length, most_queries);
    for (int place = 0; place < length; ++place) key_places.push_back(place);
    for (int place = length - queries; place < length; ++place) query_places.push_back(place);
    query_end.push_back(query_end.back() + queries);
    key_end.push_back(key_end.back() + length);
  }
  const auto num_queries = static_cast<size_t>(query_end.back()), num_keys = static_cast<size_t>(key_end.back());
  const size_t width = kHeads * HEAD_DIM;
  const std::vector<bf16> q = random_values(num_queries * width, 1), kv = random_values(num_keys * 2 * width, 2),
                          dout = random_values(num_queries * width, 3);
  const PlaceAngles q_angles(query_places), k_angles(key_places);
  const RowAttention at{.q = q.data(),
                        .k = kv.data(),
                        .v = kv.data() + width,
                        .q_stride = width,
                        .kv_stride = 2 * width,
                        .q_cosines = q_angles.cosines.data(),
                        .q_sines = q_angles.sines.data(),
                        .k_cosines = k_angles.cosines.data(),
                        .k_sines = k_angles.sines.data(),
                        .query_end = query_end.data(),
                        .key_end = key_end.data(),
                        .num_heads = kHeads,
                        .scale = 0.4f};
  std::vector<bf16> out(num_queries * width), dq(num_queries * width), dkv(num_keys * 2 * width);
  std::vector<float> log_sum(num_queries * kHeads);
  const Index grid{static_cast<unsigned>(lengths.size()), kHeads};
  launch(grid, kLanes, [&] { row_attention(at, out.data(), log_sum.data()); });
  launch(grid, kLanes, [&] {
    row_attention_gradient(at, out.data(), log_sum.data(), dout.data(), dq.data(), dkv.data(), dkv.data() + width);
  });

  for (size_t row = 0; row < lengths.size(); ++row) {
    const auto q0 = static_cast<size_t>(query_end[row]), q1 = static_cast<size_t>(query_end[row + 1]);
    const auto k0 = static_cast<size_t>(key_end[row]), k1 = static_cast<size_t>(key_end[row + 1]);
    for (size_t head = 0; head < kHeads; ++head) {
      std::vector<Head> keys, values, dkeys(k1 - k0, Head(HEAD_DIM)), dvalues = dkeys;
      for (size_t j = k0; j < k1; ++j) {
        keys.push_back(rotated(head_of(kv, j * 2 * width + head * HEAD_DIM), k_angles, j, 1));
        values.push_back(head_of(kv, j * 2 * width + width + head * HEAD_DIM));
      }
      for (size_t i = q0; i < q1; ++i) {
        const size_t place = i * width + head * HEAD_DIM, seen = (k1 - k0) - (q1 - q0) + (i - q0) + 1;
        const Head query = rotated(head_of(q, place), q_angles, i, 1), gradient = head_of(dout, place);
        std::vector<double> weights;
        double total = 0;
        for (size_t j = 0; j < seen; ++j) {
          weights.push_back(std::exp(0.4 * product(query, keys[j])));
          total += weights.back();
        }
        Head expected(HEAD_DIM), dquery(HEAD_DIM);
        for (size_t j = 0; j < seen; ++j) add(expected, weights[j] / total, values[j]);
        for (size_t j = 0; j < seen; ++j) {
          const double weight = weights[j] / total;
          const double dscore = 0.4 * weight * (product(gradient, values[j]) - product(gradient, expected));
          add(dquery, dscore, keys[j]);
          add(dkeys[j], dscore, query);
          add(dvalues[j], weight, gradient);
        }
        expect_near(out, place, expected, "attended");
        EXPECT_NEAR(log_sum[i * kHeads + head], std::log(total), 0.02);
        expect_near(dq, place, rotated(dquery, q_angles, i, -1), "dq");
      }
      for (size_t j = k0; j < k1; ++j) {
        expect_near(dkv, j * 2 * width + head * HEAD_DIM, rotated(dkeys[j - k0], k_angles, j, -1), "dk");
        expect_near(dkv, j * 2 * width + width + head * HEAD_DIM, dvalues[j - k0], "dv");
      }
    }
  }
}

TEST(FusedKernels, RowAttentionOfAllTokens) { expect_attention(1000); }
TEST(FusedKernels, RowAttentionOfBarsAndLabels) { expect_attention(2); }

TEST(FusedKernels, CompileToPtx) {
  const std::string source =
      read_file(std::string(std::getenv("MANYSHOT_SOURCE_DIR")) + "/src/train/device/fused_kernels.cu");
  try {
    const std::string ptx = compile_kernels(source, "compute_90", {"HEAD_DIM=32"});
    for (const char* kernel : {"rotate", "swiglu", "swiglu_gradient", "row_attention", "row_attention_gradient"}) {
      EXPECT_THAT(ptx, ::testing::HasSubstr(fmt::format(".entry {}(", kernel)));
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupported) throw;
    GTEST_SKIP() << error.what();
  }
}

}  // namespace
}  // namespace manyshot::train
