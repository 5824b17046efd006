#include "kernels/tile_attention.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tile_attention.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/bfloat16-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"
#include "kernels/softmax-inl.h"

#ifndef MANYSHOT_TILE_ATTENTION_ONCE
#define MANYSHOT_TILE_ATTENTION_ONCE
namespace manyshot::kernels {
namespace {
constexpr size_t kQueryRows = 12;  // queries whose scores stand on the stack at a time
}  // namespace
}  // namespace manyshot::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

// Turns the scores of the first `visible` keys into weights relative to the largest score so far, the others into zero.
// Returns the factor for what was summed before.
HWY_INLINE float weigh(float* HWY_RESTRICT scores, size_t visible, float* HWY_RESTRICT highest,
                       float* HWY_RESTRICT totals) {
  const Floats d;
  for (size_t i = visible; i < kKeyTile; ++i) scores[i] = -std::numeric_limits<float>::infinity();
  FloatVec most = hn::LoadU(d, scores);
  for (size_t i = kFloatLanes; i < kKeyTile; i += kFloatLanes) most = hn::Max(most, hn::LoadU(d, scores + i));
  const FloatVec now = hn::Max(hn::MaxOfLanes(d, most), hn::Set(d, *highest));
  const FloatVec factor = exp2_f32(d, hn::Sub(hn::Set(d, *highest), now));
  *highest = hn::GetLane(now);
  MANYSHOT_UNROLL
  for (size_t part = 0; part < kParts; ++part) {
    FloatVec weights[kKeyTile / kPanelWidth];
    MANYSHOT_UNROLL
    for (size_t block = 0; block < kKeyTile / kPanelWidth; ++block) {
      const size_t at = block * kPanelWidth + part * kFloatLanes;
      const FloatVec all = exp2_f32(d, hn::Sub(hn::LoadU(d, scores + at), now));
      weights[block] = hn::IfThenElseZero(lanes_below(at, visible), all);
      hn::StoreU(weights[block], d, scores + at);
    }
    const FloatVec sum = hn::Add(hn::Add(weights[0], weights[1]), hn::Add(weights[2], weights[3]));
    float* total = totals + part * kFloatLanes;
    hn::StoreU(hn::MulAdd(hn::LoadU(d, total), factor, sum), d, total);
  }
  return hn::GetLane(factor);
}

void attend_tile_f32(const RunningAttention<float>& rows, size_t M, size_t head_dim, const float* tile,
                     const uint8_t* visible) {
  const Floats d;
  const Panels<float> keys = KeyValueTile<float>::keys(tile, head_dim);
  const Panels<float> values = KeyValueTile<float>::values(tile, head_dim);
  HWY_ALIGN float scores[kQueryRows * kKeyTile];
  for (size_t first = 0; first < M; first += kQueryRows) {
    const size_t count = HWY_MIN(kQueryRows, M - first);
    const RunningAttention<float> part = rows.from(first, head_dim);
    gemm_panels({part.queries, head_dim}, count, keys, {scores, kKeyTile}, Store::kOverwrite);
    for (size_t row = 0; row < count; ++row) {
      const FloatVec factor = hn::Set(
          d, weigh(scores + row * kKeyTile, visible[first + row], part.highest + row, part.totals + row * kPanelWidth));
      float* sums = part.sums + row * head_dim;
      for (size_t i = 0; i < head_dim; i += kFloatLanes)
        hn::StoreU(hn::Mul(hn::LoadU(d, sums + i), factor), d, sums + i);
    }
    gemm_panels({scores, kKeyTile}, count, values, {part.sums, head_dim}, Store::kAdd);
  }
}

template <class T>
void finish_rows(const RunningAttention<T>& rows, size_t M, size_t head_dim, Rows<T> out) {
  const Floats d;
  for (size_t row = 0; row < M; ++row) {
    const FloatVec factor = hn::Set(d, 1.0f / sum16(rows.totals + row * kPanelWidth));
    for (size_t i = 0; i < head_dim; i += kFloatLanes) {
      store(d, hn::Mul(hn::LoadU(d, rows.sums + row * head_dim + i), factor), out[row] + i);
    }
  }
}

inline constexpr auto& finish_attention_f32 = finish_rows<float>;
inline constexpr auto& finish_attention_bf16 = finish_rows<BFloat16>;

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {
namespace {

template <class T>
void start_rows(const RunningAttention<T>& rows, size_t M, size_t head_dim) {
  std::fill_n(rows.sums, M * head_dim, 0.0f);
  std::fill_n(rows.highest, M, -std::numeric_limits<float>::infinity());
  std::fill_n(rows.totals, M * kPanelWidth, 0.0f);
}

}  // namespace

HWY_EXPORT(attend_tile_f32);
HWY_EXPORT(finish_attention_f32);
HWY_EXPORT(finish_attention_bf16);

void start_attention(const RunningAttention<float>& rows, size_t M, size_t head_dim) { start_rows(rows, M, head_dim); }
void start_attention(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim) {
  start_rows(rows, M, head_dim);
}

void attend_tile(const RunningAttention<float>& rows, size_t M, size_t head_dim, const float* tile,
                 const uint8_t* visible) {
  HWY_DYNAMIC_DISPATCH(attend_tile_f32)(rows, M, head_dim, tile, visible);
}

void finish_attention(const RunningAttention<float>& rows, size_t M, size_t head_dim, Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(finish_attention_f32)(rows, M, head_dim, out);
}

void finish_attention(const RunningAttention<BFloat16>& rows, size_t M, size_t head_dim, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(finish_attention_bf16)(rows, M, head_dim, out);
}

}  // namespace manyshot::kernels
#endif
