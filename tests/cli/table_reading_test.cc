// `manyshot predict` and `info` on tables as people write them: what is said, and that the data count as if written
// plainly.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A column of numbers that tells the class (above 50,000: p), and one that does not.
struct Row {
  double value, noise;
  std::string label;
};
std::vector<Row> rows(size_t count, size_t first = 0) {
  std::vector<Row> result;
  for (size_t row = first; row < first + count; ++row) {
    const double value = static_cast<double>((row * 7919 + 13) % 99'991) + static_cast<double>(row % 100) / 100;
    result.push_back({value, static_cast<double>(row * 104'729 % 1'000) / 1'000, value > 50'000 ? "p" : "q"});
  }
  return result;
}

using Spell = std::function<std::string(const Row&)>;
std::string csv(const std::vector<Row>& rows, const Spell& spell, char delimiter = ',') {
  std::string text = fmt::format("a{0}b{0}y\n", delimiter);
  for (const Row& row : rows) text += fmt::format("{0}{3}{1}{3}{2}\n", spell(row), row.noise, row.label, delimiter);
  return text;
}
std::string plain(const Row& row) { return fmt::format("{:.2f}", row.value); }

class TableReading : public ::testing::Test {
 protected:
  // knn is quick and needs the numbers.
  ProgramResult predict(const std::string& train, const std::string& test, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"predict",
                                       "--train",
                                       folder_.write("train.csv", train),
                                       "--test",
                                       folder_.write("test.csv", test),
                                       "--target",
                                       "y",
                                       "--model",
                                       "knn"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments);
  }
  double accuracy(const std::string& train, const std::string& test) const {
    const ProgramResult result = predict(train, test, {"--json", "--out", (folder_ / "out.csv")});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    if (result.exit_code != 0) return 0;
    return nlohmann::json::parse(result.out)["metrics"]["knn"]["accuracy"];
  }

  TemporaryFolder folder_;
};

TEST_F(TableReading, SpeltNumbersCountAsPlainOnes) {
  const auto train = rows(200), test = rows(100, 200);
  const double expected = accuracy(csv(train, plain), csv(test, plain));
  EXPECT_GT(expected, 0.9);
  const std::vector<Spell> spellings = {
      [](const Row& row) { return fmt::format("{:.2f} EUR", row.value); },
      [](const Row& row) { return fmt::format("{:.5f}K", row.value / 1000); },
      [](const Row& row) { return fmt::format("=\"{:.2f}\"", row.value); },
  };
  for (const Spell& spell : spellings) {
    EXPECT_EQ(accuracy(csv(train, spell), csv(test, spell)), expected) << spell(train[0]);
    EXPECT_EQ(accuracy(csv(train, spell), csv(test, plain)), expected) << "plain in the test file";
    EXPECT_EQ(accuracy(csv(train, plain), csv(test, spell)), expected) << "only in the test file";
  }
  const ProgramResult result = predict(csv(train, spellings[0]), csv(test, spellings[0]));
  EXPECT_THAT(result.err, AllOf(HasSubstr("\"a\": 200 cells such as \""), HasSubstr("without the unit \"eur\"")));
}

TEST_F(TableReading, MarksBesideNumbersAreMissingWithBothCounts) {
  auto with_marks = [count = 0](const Row& row) mutable { return ++count % 7 == 0 ? std::string("-") : plain(row); };
  const ProgramResult result = predict(csv(rows(210), with_marks), csv(rows(100, 300), plain));
  EXPECT_THAT(result.err, HasSubstr("\"a\": \"-\" in 30 cells are read as missing beside 180 numbers"));
}

TEST_F(TableReading, AColumnThatIsThereOrNotIsAFlag) {
  std::string text = "a,urgent,y\n";
  for (int row = 0; row < 60; ++row)
    text += fmt::format("{},{},{}\n", row * 37 % 11, row % 3 ? "" : "1", row % 3 ? "p" : "q");
  EXPECT_GT(accuracy(text, text), 0.95);
}

TEST_F(TableReading, TextsOfOneLengthAreNotCalledOneValue) {
  std::string text = "id,a,y\n";
  for (int row = 0; row < 60; ++row)
    text += fmt::format("u{:04},{},{}\n", row * 7919 % 10'000, row % 10, row % 10 > 4 ? "p" : "q");
  const ProgramResult result = predict(text, text);
  EXPECT_THAT(result.err, AllOf(HasSubstr("column \"id\" left out: read as text"), Not(HasSubstr("the same value"))));
}

TEST_F(TableReading, RowNumbersAreLeftOut) {
  std::string train = ",a,y\n", test = ",a,y\n";
  for (int row = 0; row < 60; ++row) {
    train += fmt::format("{},{},{}\n", row, row * 37 % 11, row < 30 ? "p" : "q");
    test += fmt::format("{},{},{}\n", row, row * 37 % 11, row % 2 ? "p" : "q");
  }
  const ProgramResult result = predict(train, test);
  EXPECT_THAT(result.err,
              HasSubstr("note: " + (folder_ / "train.csv") + ": \"column_1\" is left out: it counts the rows"));
}

TEST_F(TableReading, CategoriesOfTheTestFile) {
  std::string train = "c,b,y\n", spelt = "c,b,y\n", other = "c,b,y\n";
  for (int row = 0; row < 60; ++row) {
    const char* colour = row % 2 ? "Red" : "Green";
    train += fmt::format("{},{},{}\n", colour, row * 37 % 11, row % 2 ? "p" : "q");
    spelt += fmt::format(" {},{},{}\n", row % 4 == 1 ? "RED" : colour, row * 31 % 11, row % 2 ? "p" : "q");
    other += fmt::format("{},{},{}\n", row < 3 ? "Blue" : colour, row * 31 % 11, row % 2 ? "p" : "q");
  }
  EXPECT_EQ(accuracy(train, spelt), accuracy(train, train));
  EXPECT_THAT(predict(train, spelt).err, HasSubstr("column \"c\": 60 cells are spelt otherwise"));
  EXPECT_THAT(predict(train, other).err,
              HasSubstr("column \"c\": 3 cells have a value that the training table lacks, first \"Blue\" in row 0"));
}

TEST_F(TableReading, LabelsOfTheTestFile) {
  const std::string train = "x,y\n1,True\n2,True\n8,False\n9,False\n", test = "x,y\n1,true\n9,FALSE\n";
  EXPECT_EQ(accuracy(train, test), 1);
  EXPECT_EQ(accuracy("x,y\n1,1\n2,1\n8,0\n9,0\n", "x,y\n1,1.0\n9,0.0\n"), 1);
  const ProgramResult none = predict(train, "x,y\n1,\n9,\n");
  EXPECT_EQ(none.exit_code, 0);
  EXPECT_THAT(none.err, AllOf(HasSubstr("column \"y\" has no value in any of the 2 rows: nothing can be scored"),
                              Not(HasSubstr("log loss"))));
  EXPECT_THAT(predict(train, "x,y\n1,True\n9,\n7,\n").err, HasSubstr("scored on 1 of 3 rows"));
}

TEST_F(TableReading, WordsForMissingAreClasses) {
  const std::string train = "x,y\n1,None\n2,None\n8,Mild\n9,Mild\n5,NA\n5.5,NA\n";
  const ProgramResult result = predict(train, train);
  EXPECT_THAT(result.out, HasSubstr("p_Mild,p_NA,p_None"));
  EXPECT_THAT(result.err, HasSubstr("3 classes, from 6 of 6"));
}

TEST_F(TableReading, AnotherStyleInTheTestFile) {
  const auto train = rows(100), test = rows(60, 200);
  const Spell comma = [](const Row& row) {
    std::string text = plain(row);
    text[text.find('.')] = ',';
    return text;
  };
  EXPECT_EQ(accuracy(csv(train, plain), csv(test, comma, ';')), accuracy(csv(train, plain), csv(test, plain)));
  EXPECT_THAT(predict(csv(train, plain), csv(test, comma, ';')).err, HasSubstr("column \"a\": numbers such as"));
  const ProgramResult words = predict(csv(train, plain), csv(test, [](const Row&) { return std::string("many"); }));
  EXPECT_EQ(words.exit_code, 2);
  EXPECT_THAT(words.err, AllOf(HasSubstr("column \"a\": none of its 60 values can be read as a number"),
                               HasSubstr("\"many\" in row 0")));
}

TEST_F(TableReading, LabelledRowsInTheTestFileAreCounted) {
  const auto train = rows(100);
  auto test = rows(60, 200);
  test.insert(test.end(), train.begin(), train.begin() + 12);
  EXPECT_THAT(predict(csv(train, plain), csv(test, plain)).err, HasSubstr("12 of 72 rows equal a labelled row"));
  EXPECT_THAT(predict(csv(train, plain), csv(rows(60, 200), plain)).err, Not(HasSubstr("equal a labelled row")));
}

TEST_F(TableReading, OddTargets) {
  EXPECT_THAT(predict("x,y\n1,0.54\n2,2.1\n3,3.07\n4,5.34\n5,6.2\n6,7.9\n", "x\n1\n").err,
              HasSubstr("looks like a number to predict"));
  EXPECT_THAT(predict("x,y\n1,a\n2,a \n3,b\n", "x\n1\n").err, HasSubstr("\"a\" and \"a \" differ in spelling only"));
}

TEST_F(TableReading, WithoutAHeader) {
  const std::string table = "28, Private, >50K\n26, State, <=50K\n79, Private, >50K\n45, State, <=50K\n";
  const ProgramResult eaten = predict(table, table);
  EXPECT_EQ(eaten.exit_code, 2);
  EXPECT_THAT(eaten.err, HasSubstr("--no-header"));
  const ProgramResult result =
      run_manyshot({"predict", "--train", (folder_ / "train.csv"), "--test", (folder_ / "train.csv"), "--target",
                    "column_3", "--no-header", "--model", "knn"});
  EXPECT_THAT(result.err, HasSubstr("4 rows predicted"));
  EXPECT_THAT(run_manyshot({"info", "--table", (folder_ / "train.csv"), "--no-header"}).out,
              HasSubstr("4 rows, 3 columns"));
}

}  // namespace
}  // namespace manyshot
