// Known answers of NumPy 2.4, pandas 3.1, scikit-learn 1.9 and CPython 3.11.
#include "evaluate/protocol/legacy_random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

TEST(LegacyRandom, NumpyWords) {  // numpy.random.RandomState(42).randint(0, 2**32, dtype=uint32)
  MersenneTwister generator(42);
  EXPECT_EQ(generator.next(), 1608637542u);
  EXPECT_EQ(generator.next(), 3421126067u);
  EXPECT_EQ(generator.next(), 4083286876u);
}

TEST(LegacyRandom, PythonWords) {  // random.seed(seed); random.getrandbits(32)
  const uint32_t zero[] = {0};
  MersenneTwister small(zero);
  EXPECT_EQ(small.next(), 3626764237u);
  EXPECT_EQ(small.next(), 1654615998u);
  const uint32_t large[] = {7, 256};  // 2**40 + 7
  MersenneTwister generator(large);
  EXPECT_EQ(generator.next(), 2635837658u);
  EXPECT_EQ(generator.next(), 3209733218u);
}

TEST(LegacyRandom, NumpyPermutation) {  // numpy.random.RandomState(42).permutation(n)
  EXPECT_THAT(numpy_permutation(20, 42),
              ElementsAre(0, 17, 15, 1, 8, 5, 11, 3, 18, 16, 13, 2, 9, 19, 4, 12, 7, 10, 14, 6));
  const std::vector<uint32_t> order = numpy_permutation(1000, 42);
  EXPECT_THAT(std::vector(order.begin(), order.begin() + 4), ElementsAre(521, 737, 740, 660));
  EXPECT_THAT(std::vector(order.end() - 3, order.end()), ElementsAre(860, 435, 102));
  uint64_t sum = 0;
  for (size_t i = 0; i < order.size(); ++i) sum += i * order[i];
  EXPECT_EQ(sum, 251'374'799u);
  EXPECT_THAT(numpy_permutation(0, 42), ElementsAre());
  EXPECT_THAT(numpy_permutation(1, 42), ElementsAre(0));
}

TEST(LegacyRandom, PandasSample) {  // DataFrame.sample(n=7, random_state=43) of 3000 rows
  const std::vector<uint32_t> order = numpy_permutation(3000, 43);
  EXPECT_THAT(std::vector(order.begin(), order.begin() + 7), ElementsAre(1323, 1387, 2336, 1857, 2507, 1428, 889));
}

TEST(LegacyRandom, PythonShuffle) {  // random.seed(seed); random.shuffle(list(range(n)))
  EXPECT_THAT(python_shuffle(12, 40), ElementsAre(10, 6, 11, 4, 1, 5, 2, 3, 0, 8, 9, 7));
  EXPECT_THAT(python_shuffle(40, 41),
              ElementsAre(25, 2, 22, 20, 27, 12, 9, 29, 28, 15, 16, 11, 23, 13, 6, 33, 3, 1, 34, 19, 8, 5, 36, 30, 4,
                          37, 31, 26, 38, 7, 32, 0, 35, 17, 18, 39, 10, 14, 21, 24));
}

}  // namespace
}  // namespace manyshot
