#include "prior/scm/fourier.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "prior/scm/fourier.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "prior/random/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {

using kernels::AlignedBuffer;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::Panels;
using kernels::round_up;
using kernels::Store;

namespace HWY_NAMESPACE {

using Floats = hn::Vec<GroupFloats>;

// Row r of `rows` rows of 2 * num_terms values: amplitude * sine, then amplitude * cosine, of phase + r * step.
// REQUIRES: num_terms a multiple of 16.
void coarse_rows(const float* amplitudes, const uint32_t* phases, const uint32_t* steps, size_t num_terms, size_t rows,
                 float* out) {
  const GroupFloats d;
  const GroupWords du;
  for (size_t row = 0; row < rows; ++row, out += 2 * num_terms) {
    for (size_t i = 0; i < num_terms; i += kGroupLanes) {
      const auto phase = hn::Add(hn::LoadU(du, phases + i),
                                 hn::Mul(hn::LoadU(du, steps + i), hn::Set(du, static_cast<uint32_t>(row))));
      Floats sine, cosine;
      sine_cosine_of_phase(d, phase, sine, cosine);
      const Floats amplitude = hn::LoadU(d, amplitudes + i);
      hn::StoreU(hn::Mul(amplitude, sine), d, out + i);
      hn::StoreU(hn::Mul(amplitude, cosine), d, out + num_terms + i);
    }
  }
}

// Row i: cosines of column * steps[i], row num_terms + i the sines. REQUIRES: columns a multiple of 16.
void fine_rows(const uint32_t* steps, size_t num_terms, size_t columns, float* out) {
  const GroupFloats d;
  const GroupWords du;
  for (size_t i = 0; i < num_terms; ++i) {
    for (size_t column = 0; column < columns; column += kGroupLanes) {
      const auto phase = hn::Mul(hn::Iota(du, static_cast<uint32_t>(column)), hn::Set(du, steps[i]));
      Floats sine, cosine;
      sine_cosine_of_phase(d, phase, sine, cosine);
      hn::StoreU(cosine, d, out + i * columns + column);
      hn::StoreU(sine, d, out + (num_terms + i) * columns + column);
    }
  }
}

// Lagrange's cubic through the points -1, 0, 1, 2 of the table around each value.
void interpolate(const float* table, size_t num_points, float low, float steps_per_unit, float factor, float* values,
                 size_t count) {
  const GroupFloats d;
  const hn::RebindToSigned<GroupFloats> di;
  constexpr size_t kBatch = 128;
  alignas(64) float fractions[kBatch];
  alignas(64) int32_t cells[kBatch];
  alignas(64) float points[4 * kBatch];
  const auto slope = hn::Set(d, factor * steps_per_unit);
  const auto offset = hn::Set(d, 1.0f - low * steps_per_unit);
  const auto first = hn::Set(d, 1.0f);
  const auto last = hn::Set(d, static_cast<float>(num_points - 3));
  for (size_t start = 0; start < count; start += kBatch) {
    const size_t batch = std::min(kBatch, count - start);
    float* x = values + start;
    const auto cell_of = [&](Floats v, size_t i) HWY_ATTR {
      const Floats position = hn::MulAdd(v, slope, offset);
      const Floats cell = hn::Min(hn::Max(hn::Floor(position), first), last);
      hn::Store(hn::Sub(position, cell), d, fractions + i);
      hn::Store(hn::ConvertTo(di, cell), di, cells + i);
    };
    size_t i = 0;
    for (; i + kGroupLanes <= batch; i += kGroupLanes) cell_of(hn::LoadU(d, x + i), i);
    if (i < batch) {
      alignas(64) float rest[kGroupLanes] = {};
      std::copy(x + i, x + batch, rest);
      cell_of(hn::Load(d, rest), i);
    }
    for (size_t j = 0; j < batch; ++j) {
#if HWY_TARGET == HWY_SCALAR
      std::copy(table + cells[j] - 1, table + cells[j] + 3, points + 4 * j);
#else
      const hn::CappedTag<float, 4> four;
      hn::Store(hn::LoadU(four, table + cells[j] - 1), four, points + 4 * j);
#endif
    }
    const size_t rounded = (batch + kGroupLanes - 1) / kGroupLanes * kGroupLanes;
    for (size_t j = 4 * batch; j < 4 * rounded; ++j) points[j] = 0;
    for (i = 0; i < rounded; i += kGroupLanes) {
      Floats before, left, right, after;
      hn::LoadInterleaved4(d, points + 4 * i, before, left, right, after);
      const Floats t = hn::Load(d, fractions + i);
      const Floats one = hn::Set(d, 1.0f);
      const Floats down = hn::Sub(t, one), down2 = hn::Sub(t, hn::Set(d, 2.0f)), up = hn::Add(t, one);
      const Floats inner = hn::Mul(up, down2);
      const Floats outer = hn::Mul(t, down);
      Floats sum = hn::Mul(before, hn::Mul(hn::Mul(outer, down2), hn::Set(d, -1.0f / 6)));
      sum = hn::MulAdd(left, hn::Mul(hn::Mul(inner, down), hn::Set(d, 0.5f)), sum);
      sum = hn::MulAdd(right, hn::Mul(hn::Mul(inner, t), hn::Set(d, -0.5f)), sum);
      sum = hn::MulAdd(after, hn::Mul(hn::Mul(outer, up), hn::Set(d, 1.0f / 6)), sum);
      if (i + kGroupLanes <= batch) {
        hn::StoreU(sum, d, x + i);
      } else {
        alignas(64) float rest[kGroupLanes];
        hn::Store(sum, d, rest);
        std::copy(rest, rest + (batch - i), x + i);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::prior {
namespace {

constexpr size_t kNumTerms = 256;
constexpr double kTolerance = 5e-4;       // error of the interpolation, as a share of g's root mean square of 1
constexpr float kNegligible = 1e-5f;      // an amplitude that cannot be seen: 256 of them make 1.6e-4
constexpr double kWidestStep = 1.0 / 16;  // of x

// A number of turns as 32 bits of a turn.
uint32_t phase_bits(double turns) {
  return static_cast<uint32_t>(static_cast<int64_t>(std::llrint((turns - std::floor(turns)) * 0x1p32)));
}

template <class T>
void grow(AlignedBuffer<T>& buffer, size_t size) {
  if (buffer.size() < size) buffer = AlignedBuffer<T>(size + size / 2);
}

}  // namespace

HWY_EXPORT(coarse_rows);
HWY_EXPORT(fine_rows);
HWY_EXPORT(interpolate);

FourierTerms draw_fourier_terms(Draws& draws) {
  FourierTerms terms;
  terms.exponent = -draws.log_uniform(0.7, 3);
  double squares = 0;
  for (size_t i = 0; i < kNumTerms; ++i) {
    // Never 0, where the power has no value.
    const double frequency = static_cast<double>(kNumTerms) * std::max(draws.uniform(), 0x1p-53);
    const double amplitude = std::pow(frequency, terms.exponent);
    squares += amplitude * amplitude;
    terms.frequencies.push_back(static_cast<float>(frequency));
    terms.amplitudes.push_back(static_cast<float>(amplitude));
    terms.phases.push_back(static_cast<float>(draws.uniform()));
  }
  for (float& amplitude : terms.amplitudes) {
    amplitude = static_cast<float>(amplitude / std::sqrt(squares) * draws.normal());
  }
  return terms;
}

double evaluate_fourier(const FourierTerms& terms, double x) {
  double sum = 0;
  for (size_t i = 0; i < terms.amplitudes.size(); ++i) {
    sum += terms.amplitudes[i] * std::sin(terms.frequencies[i] * x + 2 * std::numbers::pi * terms.phases[i]);
  }
  return sum;
}

void FourierTable::build(const FourierTerms& terms, float low, float high) {
  // The error of a cubic on cells of width h is at most 3/128 h^4 |g''''|; g'''' has terms a f^4 with random phases.
  std::vector<size_t> kept;
  double fourth = 0;
  for (size_t i = 0; i < terms.amplitudes.size(); ++i) {
    if (std::abs(terms.amplitudes[i]) < kNegligible) continue;
    kept.push_back(i);
    const double derivative = terms.amplitudes[i] * std::pow(static_cast<double>(terms.frequencies[i]), 4);
    fourth += derivative * derivative / 2;
  }
  const double range = std::max(static_cast<double>(high) - low, 1e-3);
  double step = std::min(kWidestStep, std::pow(kTolerance * 128 / 3 / std::sqrt(std::max(fourth, 1e-30)), 0.25));
  step = std::max(step, range / 60'000);
  const size_t wanted = static_cast<size_t>(range / step) + 4;
  const size_t fine = round_up(static_cast<size_t>(std::sqrt(static_cast<double>(wanted))) + 1, 16);
  const size_t coarse = (wanted + fine - 1) / fine;
  num_points_ = fine * coarse;
  low_ = low;
  steps_per_unit_ = static_cast<float>(1 / step);
  step = 1 / static_cast<double>(steps_per_unit_);

  const size_t num_terms = std::max<size_t>(round_up(kept.size(), 16), 16);
  std::vector<float> amplitudes(num_terms, 0.0f);
  std::vector<uint32_t> phases(num_terms, 0), coarse_steps(num_terms, 0), fine_steps(num_terms, 0);
  for (size_t i = 0; i < kept.size(); ++i) {
    const double turns_per_unit = terms.frequencies[kept[i]] / (2 * std::numbers::pi);
    amplitudes[i] = terms.amplitudes[kept[i]];
    phases[i] = phase_bits(terms.phases[kept[i]] + turns_per_unit * (low - step));  // the first point lies before low
    fine_steps[i] = phase_bits(turns_per_unit * step);
    coarse_steps[i] = phase_bits(turns_per_unit * step * static_cast<double>(fine));
  }
  grow(coarse_, coarse * 2 * num_terms);
  grow(fine_, fine * 2 * num_terms);
  grow(table_, num_points_ + 16);
  HWY_DYNAMIC_DISPATCH(coarse_rows)
  (amplitudes.data(), phases.data(), coarse_steps.data(), num_terms, coarse, coarse_.data());
  HWY_DYNAMIC_DISPATCH(fine_rows)(fine_steps.data(), num_terms, fine, fine_.data());
  const Panels<float> panels{fine_.data(), 2 * num_terms, fine / kPanelWidth, fine, kPanelWidth};
  gemm({coarse_.data(), 2 * num_terms}, coarse, panels, {table_.data(), fine}, Store::kOverwrite);
}

void FourierTable::apply(float factor, float* values, size_t count) const {
  HWY_DYNAMIC_DISPATCH(interpolate)(table_.data(), num_points_, low_, steps_per_unit_, factor, values, count);
}

}  // namespace manyshot::prior
#endif
