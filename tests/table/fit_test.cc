// fit_schema: a second file that writes the same columns in another way.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::StrEq;

TableFile column_file(const std::vector<std::string>& cells, const std::string& name = "x") {
  std::string text = name + "|row\n";
  for (size_t row = 0; row < cells.size(); ++row) text += fmt::format("{}|{}\n", cells[row], row);
  return table_of(text, {.delimiter = "|"});
}

// The values of `test`'s first column as the one of `train` means them.
std::vector<double> fitted(const std::vector<std::string>& train, const std::vector<std::string>& test) {
  const Schema schema = fit_schema(column_file(test), infer_schema(column_file(train))).schema();
  std::vector<double> values;
  scan_table(column_file(test), schema, 100, nullptr, [&](const Table& table, uint64_t) {
    values.insert(values.end(), table.columns[0].numbers.begin(), table.columns[0].numbers.end());
  });
  return values;
}

TEST(FitSchema, TheSameStyleStays) {
  const Schema schema = infer_schema(column_file({"1.5", "2.5"}));
  const FileFit fit = fit_schema(column_file({"1.25", "7", "", "x"}), schema);
  EXPECT_EQ(fit.num_rows, 4u);
  EXPECT_FALSE(fit.columns[0].is_other_style);
  EXPECT_EQ(fit.columns[0].present, 3u);
  EXPECT_EQ(fit.columns[0].readable, 2u);
}

TEST(FitSchema, NumbersInTheFilesOwnStyle) {
  EXPECT_THAT(fitted({"2.767", "7.902"}, {"2,5", "7,25"}), ElementsAre(2.5, 7.25));
  EXPECT_THAT(fitted({"2.767", "7.902"}, {"2,207", "7,683"}), ElementsAre(2.207, 7.683)) << "the range decides";
  EXPECT_THAT(fitted({"2767", "7902"}, {"2,207", "7,683"}), ElementsAre(2207, 7683));
  EXPECT_THAT(fitted({"12", "35"}, {"12,5", "13", "30"}), ElementsAre(12.5, 13, 30)) << "never settled";
  EXPECT_THAT(fitted({"22092.65", "1200.5"}, {"22 092,65 €", "1 200,50 €"}), ElementsAre(22092.65, 1200.5));
  EXPECT_THAT(fitted({"1.5K", "2.5K"}, {"1500", "900"}), ElementsAre(1500, 900));
  EXPECT_THAT(fitted({"5 kg", "6 kg"}, {"5", "7 kg"}), ElementsAre(5, 7));
  EXPECT_TRUE(fit_schema(column_file({"2,5"}), infer_schema(column_file({"2.5", "7.5"}))).columns[0].is_other_style);
}

TEST(FitSchema, DatesInTheFilesOwnOrder) {
  EXPECT_THAT(fitted({"2020-07-03", "2020-12-29"}, {"25/12/2020", "3/8/2020"}), ElementsAre(18621, 18477));
  EXPECT_THAT(fitted({"2020-07-03", "2020-08-29"}, {"05/07/2020", "06/08/2020"}), ElementsAre(18448, 18480))
      << "only days first fall into the range";
  EXPECT_THAT(fitted({"25/12/2020", "3/8/2020"}, {"05/07/2020"}), ElementsAre(18448)) << "settled by the labelled rows";
  EXPECT_THAT(fitted({"12/25/2020", "8/3/2020"}, {"25/12/2020"}), ElementsAre(18621));
  EXPECT_THAT(fitted({"2020-07-03", "2020-12-29"}, {"3 Aug 2020"}), ElementsAre(18477));
}

TEST(FitSchema, AnUnreadableColumnIsAnError) {
  const Schema schema = infer_schema(column_file({"1.5", "2.5"}));
  EXPECT_ERROR(
      fit_schema(column_file({"", "abc", "def"}), schema), ErrorKind::kBadInput,
      StrEq("t.csv: column \"x\": none of its 2 values can be read as a number, which the labelled rows have "
            "there; the first is \"abc\" in row 1 (counted from 0): write the column as there, or leave it out"));
  EXPECT_NO_THROW(fit_schema(column_file({"", "-", "NA"}), schema)) << "only gaps";
  EXPECT_NO_THROW(fit_schema(column_file({"abc"}, "other"), schema)) << "not in the file";
  const Schema flags = infer_schema(column_file({"yes", "no"}));
  EXPECT_ERROR(fit_schema(column_file({"abc"}), flags), ErrorKind::kBadInput, "true or false");
}

TEST(FitSchema, LabelsAreCounted) {
  const std::vector<std::string> labels = {"x"};
  const Schema schema = infer_schema(column_file({"None", "Mild"}), labels);
  EXPECT_EQ(fit_schema(column_file({"None", "", "Mild", "NA"}), schema, labels).columns[0].present, 2u);
  EXPECT_EQ(fit_schema(column_file({"", "NA"}), schema, labels).columns[0].present, 0u);
}

}  // namespace
}  // namespace manyshot::testing
