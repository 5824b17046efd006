#include "core/cholesky.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace manyshot {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

TEST(Cholesky, SolvesWhatTheLowerHalfSays) {
  // A = [4 2 0; 2 5 3; 0 3 6]; the upper half is not read.
  const Cholesky cholesky({4, -9, -9, 2, 5, -9, 0, 3, 6}, 3);
  std::vector<double> b{4 + 4, 2 + 10 + 9, 6 + 18};  // A (1, 2, 3)
  cholesky.solve(b.data());
  EXPECT_THAT(b, Pointwise(DoubleNear(1e-12), {1, 2, 3}));
}

TEST(Cholesky, ZerosThatAreKnownChangeNothing) {
  const Cholesky cholesky({4, 0, 0, 2, 5, 0, 0, 3, 6}, 3);
  std::vector<double> all{0, 2, 1}, known = all;
  cholesky.solve_lower(all.data());
  cholesky.solve_lower(known.data(), 1);
  EXPECT_EQ(all, known);
  EXPECT_EQ(all[0], 0);
}

}  // namespace
}  // namespace manyshot
