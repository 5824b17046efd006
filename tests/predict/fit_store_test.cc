// What a fit keeps: the predictor that begins from it is the one that was fitted, to the bit.
#include "predict/fit_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "predict/number_baselines.h"
#include "predict/predictor.h"
#include "predict/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

int computed = 0;

int answer_of(const FitStore& store, const std::string& name = "answer") {
  return store.get_or_compute(
      name, [] { return ++computed; },
      [](int value) {
        ByteWriter writer;
        writer.number(value);
        return writer.take();
      },
      [](ByteReader& reader) { return reader.number<int>(); });
}

TEST(FitStore, ComputesWhatIsNotThereAndReadsTheRest) {
  FitParts parts;
  computed = 0;
  EXPECT_EQ(answer_of(FitStore()), 1);
  EXPECT_EQ(answer_of(FitStore::filling(parts).part("a")), 2);
  EXPECT_EQ(answer_of(FitStore::reading(parts).part("a")), 2);
  EXPECT_EQ(answer_of(FitStore::reading(parts).part("b")), 3) << "parts have names of their own";
  EXPECT_EQ(answer_of(FitStore::reading(parts).part("a"), "other"), 4);
  EXPECT_EQ(computed, 4);
  ASSERT_EQ(parts.by_name.size(), 1u);
  EXPECT_EQ(parts.by_name.begin()->first, "a/answer");
}

TEST(FitStore, ResultsThatDoNotFitTheirBytesAreRefused) {
  FitParts parts{.path = "m.msfit"};
  parts.add("a/answer", "abc");
  EXPECT_ERROR(answer_of(FitStore::reading(parts).part("a")), ErrorKind::kCorruptFile,
               "m.msfit: part \"a/answer\" ends early");
  parts.add("a/answer", "abcde");
  EXPECT_ERROR(answer_of(FitStore::reading(parts).part("a")), ErrorKind::kCorruptFile, "bytes that do not belong");
}

// Predictions and honest probabilities of `method`, fitted, and begun again from what that kept.
void expect_same_from_store(const Method& method, const LabelledTable& shots, const Table& queries) {
  FitParts parts{.path = "m.msfit"};
  const auto fitted = method.fit(shots), filled = method.fit_with(shots, FitStore::filling(parts)),
             begun = method.fit_with(shots, FitStore::reading(parts));
  EXPECT_THAT(parts.by_name, ::testing::Not(IsEmpty()));
  EXPECT_EQ(filled->predict(queries), fitted->predict(queries));
  EXPECT_EQ(begun->predict(queries), fitted->predict(queries));
  const auto as_bits = [](const std::vector<double>& values) { return checksum_of(std::span<const double>(values)); };
  EXPECT_EQ(as_bits(begun->honest_probabilities()), as_bits(fitted->honest_probabilities()));
  EXPECT_EQ(begun->notes(), fitted->notes());
}

TEST(FitStore, MethodsBeginAgainWithTheSameBits) {
  const LabelledTable shots = testing::tones(60, 1), queries = testing::tones(25, 2);
  for (const char* name : {"default", "auto", "xgboost"}) {
    SCOPED_TRACE(name);
    expect_same_from_store(*open_method(name, {.ensemble = 3}, 5), shots, queries.features);
  }
  SCOPED_TRACE("default taught by both");
  expect_same_from_store(*open_method("default", {.ensemble = 2, .teacher = {.teacher = Teacher::kBoth}}, 5), shots,
                         queries.features);
}

TEST(FitStore, DecisionsAmongManyClassesBeginAgainWithTheSameBits) {
  LabelledTable shots = testing::tones(120, 3);
  shots.classes.clear();
  for (int k = 0; k < 12; ++k) shots.classes.push_back(fmt::format("c{:02}", k));
  for (size_t row = 0; row < shots.labels.size(); ++row) shots.labels[row] = static_cast<int32_t>(row % 12);
  expect_same_from_store(*open_method("default", {.ensemble = 1}, 5), shots, testing::tones(9, 4).features);
}

TEST(FitStore, BoostedNumbersBeginAgainWithTheSameBits) {
  const LabelledTable table = testing::tones(80, 1);
  NumberedTable shots{.features = table.features};
  for (size_t row = 0; row < 80; ++row)
    shots.numbers.push_back(table.labels[row] + table.features.columns[1].numbers[row]);
  const auto method = open_number_baseline("xgboost", 3);
  FitParts parts;
  const auto fitted = method->fit_with(shots, FitStore::filling(parts)),
             begun = method->fit_with(shots, FitStore::reading(parts));
  EXPECT_EQ(parts.by_name.size(), 1u);
  EXPECT_EQ(begun->predict(table.features).values, fitted->predict(table.features).values);
  EXPECT_EQ(begun->honest_means(), fitted->honest_means());
}

// Were contexts encoded anew, nobody would notice that they are damaged.
TEST(FitStore, ContextsAreReadAndCheckedNotEncodedAgain) {
  const LabelledTable shots = testing::tones(40, 1), queries = testing::tones(5, 2);
  const auto method = open_method("default", {.ensemble = 1}, 0);
  FitParts parts{.path = "m.msfit"};
  const auto fitted = method->fit_with(shots, FitStore::filling(parts));
  ASSERT_EQ(parts.by_name.size(), 1u);
  const std::string name = parts.by_name.begin()->first;
  EXPECT_THAT(name, HasSubstr("member-0/context/fused"));
  std::string bytes(parts.by_name.begin()->second);
  const size_t exponent = sizeof(uint64_t) + 20 * sizeof(float) + 3;  // of a key's number
  bytes[exponent] = static_cast<char>(bytes[exponent] ^ 0x40);
  parts.add(name, bytes);
  EXPECT_NE(method->fit_with(shots, FitStore::reading(parts))->predict(queries.features),
            fitted->predict(queries.features));
  parts.add(name, bytes.substr(0, bytes.size() - 4));
  EXPECT_ERROR(method->fit_with(shots, FitStore::reading(parts)), ErrorKind::kCorruptFile, "ends early");
  bytes[0] = static_cast<char>(bytes[0] - 1);
  parts.add(name, bytes);
  EXPECT_ERROR(method->fit_with(shots, FitStore::reading(parts)), ErrorKind::kCorruptFile, "other labelled rows");
  EXPECT_EQ(method->fit_with(testing::tones(39, 1), FitStore::reading(parts))->predict(queries.features),
            method->fit(testing::tones(39, 1))->predict(queries.features))
      << "other rows are another prompt";
}

}  // namespace
}  // namespace manyshot
