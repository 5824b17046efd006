// What the kernels' tests share: random values, and every instruction set of the machine.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "core/rng.h"
#include "kernels/aligned_buffer.h"
#include "kernels/simd.h"

namespace manyshot::kernels {

// Normal values times `scale`, by name.
template <class T = float>
AlignedBuffer<T> random_values(const char* name, size_t count, double scale = 1) {
  const Rng rng = Rng(5).child(name);
  AlignedBuffer<T> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = T(static_cast<float>(scale * rng.normal(i)));
  return values;
}

// The same numbers as a vector of floats.
inline std::vector<float> random_vector(const char* name, size_t count, double scale = 1) {
  const AlignedBuffer<float> values = random_values(name, count, scale);
  return {values.data(), values.data() + count};
}

// Runs check(level) at every level of the machine.
template <class Check>
void at_every_level(const Check& check) {
  for (const SimdLevel level : available_simd_levels()) {
    SCOPED_TRACE(simd_name(level));
    limit_simd(simd_name(level));
    check(level);
  }
  limit_simd(nullptr);
}

// A suite whose tests run once a level: TEST_P of a class derived from it, and
// INSTANTIATE_TEST_SUITE_P(Levels, Class, every_level(), level_name).
class AtLevel : public testing::TestWithParam<SimdLevel> {
 protected:
  void SetUp() override { limit_simd(simd_name(GetParam())); }
  void TearDown() override { limit_simd(nullptr); }
};
inline auto every_level() { return testing::ValuesIn(available_simd_levels()); }
inline std::string level_name(const testing::TestParamInfo<SimdLevel>& test) { return simd_name(test.param); }

}  // namespace manyshot::kernels
