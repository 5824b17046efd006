#include "encoding/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Column numbers(std::string name, std::vector<double> values) {
  return {.name = std::move(name), .type = ColumnType::kNumeric, .numbers = std::move(values)};
}
Column strings(std::string name, ColumnType type, std::vector<std::string> categories, std::vector<int32_t> codes) {
  return {.name = std::move(name), .type = type, .codes = std::move(codes), .categories = std::move(categories)};
}
Table table(std::vector<Column> columns) {
  const size_t rows = columns.front().is_number() ? columns.front().numbers.size() : columns.front().codes.size();
  return {.columns = std::move(columns), .num_rows = rows};
}

TEST(FeatureEncoder, RanksCategoriesOfTheLabelledRowsByBytes) {
  // "blue" is in the schema but in no labelled row.
  const Table shots =
      table({strings("colour", ColumnType::kCategorical, {"blue", "green", "azure", "red"}, {1, 2, 3, 1})});
  const FeatureEncoder encoder = FeatureEncoder::fit(shots);
  EXPECT_THAT(encoder.transform(shots).values, ElementsAre(1, 0, 2, 1));
  const Table queries = table(
      {strings("colour", ColumnType::kCategorical, {"blue", "green", "azure", "red", "new"}, {0, 4, 3, kMissingCode})});
  const FeatureMatrix matrix = encoder.transform(queries);
  EXPECT_TRUE(std::isnan(matrix.at(0, 0))) << "a string no labelled row has is missing";
  EXPECT_TRUE(std::isnan(matrix.at(1, 0)));
  EXPECT_EQ(matrix.at(2, 0), 2);
  EXPECT_TRUE(std::isnan(matrix.at(3, 0)));
}

TEST(FeatureEncoder, NumericStringsRankByValue) {
  const Table shots = table({strings("floor", ColumnType::kCategorical, {"10", "9", "100"}, {0, 1, 2})});
  EXPECT_THAT(FeatureEncoder::fit(shots).transform(shots).values, ElementsAre(1, 0, 2));
}

TEST(FeatureEncoder, MissingIsACategoryWhenLabelledRowsHaveIt) {
  const Table shots = table({strings("c", ColumnType::kCategorical, {"a", "b"}, {0, 1, kMissingCode})});
  EXPECT_THAT(FeatureEncoder::fit(shots).transform(shots).values, ElementsAre(0, 1, 2));
}

TEST(FeatureEncoder, CategoriesAreNominalWhereTheirOrderSaysNothing) {
  const Table shots =
      table({strings("three", ColumnType::kCategorical, {"a", "b", "c"}, {0, 1, 2}),
             strings("two", ColumnType::kCategorical, {"a", "b"}, {0, 1, 1}),
             strings("two and missing", ColumnType::kCategorical, {"a", "b"}, {0, 1, kMissingCode}),
             strings("two of three", ColumnType::kCategorical, {"a", "b", "c"}, {0, 1, 1}),
             strings("sizes", ColumnType::kCategorical, {"10", "9", "100"}, {0, 1, 2}),
             strings("text", ColumnType::kText, {"a", "bb", "ccc"}, {0, 1, 2}), numbers("x", {1, 2, 3})});
  const FeatureMatrix matrix = FeatureEncoder::fit(shots).transform(shots);
  EXPECT_THAT(matrix.nominal, ElementsAre(true, false, true, false, false, false, false));
  EXPECT_TRUE(matrix.has_nominal());
}

TEST(FeatureEncoder, TextIsItsLengthInCharacters) {
  const Table shots = table({strings("t", ColumnType::kText, {"été", "日本語文", ""}, {0, 1, 2})});
  const FeatureEncoder encoder = FeatureEncoder::fit(shots);
  EXPECT_THAT(encoder.transform(shots).values, ElementsAre(3, 4, 0));
  ASSERT_EQ(encoder.notes().size(), 1u);
  EXPECT_THAT(encoder.notes()[0], HasSubstr("\"t\""));
  EXPECT_THAT(encoder.notes()[0], HasSubstr("length in characters"));
}

TEST(FeatureEncoder, LeavesOutColumnsThatCarryNothing) {
  const Table shots =
      table({numbers("x", {1, 2}), numbers("constant", {5, 5}), numbers("empty", {kMissingNumber, kMissingNumber}),
             strings("one", ColumnType::kCategorical, {"a"}, {0, 0})});
  const FeatureEncoder encoder = FeatureEncoder::fit(shots);
  EXPECT_THAT(encoder.feature_names(), ElementsAre("x"));
  EXPECT_THAT(encoder.notes(),
              ElementsAre("column \"empty\" left out: no value in the labelled rows",
                          "columns \"constant\", \"one\" left out: the same value in all labelled rows"));
}

TEST(FeatureEncoder, MissingBesideOneValueIsAFlag) {
  const Table shots = table({numbers("flag", {1, kMissingNumber, 1}), numbers("zero", {kMissingNumber, 0, 0}),
                             strings("t", ColumnType::kText, {"ab", "cd"}, {0, kMissingCode, 1})});
  const FeatureEncoder encoder = FeatureEncoder::fit(shots);
  EXPECT_THAT(encoder.transform(shots).values, ElementsAre(1, 1, 2, 0, 0, 0, 1, 0, 2));
  EXPECT_THAT(encoder.feature_names(), ElementsAre("flag", "zero", "t"));
}

TEST(FeatureEncoder, TextsOfOneLengthAreNotOneValue) {
  const Table shots = table({numbers("x", {1, 2}), strings("id", ColumnType::kText, {"a1", "b2"}, {0, 1})});
  const FeatureEncoder encoder = FeatureEncoder::fit(shots);
  EXPECT_THAT(
      encoder.notes(),
      ElementsAre("column \"id\" left out: read as text, and its length in characters is the same in all labelled "
                  "rows"));
}

TEST(FeatureEncoder, RefusesATableWithoutAnyUsableColumn) {
  const Table shots = table({numbers("constant", {5, 5})});
  EXPECT_ERROR(FeatureEncoder::fit(shots), ErrorKind::kBadInput,
               "none of the 1 columns has two different values in the 2 labelled rows");
}

}  // namespace
}  // namespace manyshot
