// The prompts of arXiv 2509.06806, byte for byte: the golden text is the sheet of the published code's own output.
#include "encoding/text/text_prompt.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace manyshot {
namespace {

// age,job: (30, nurse -> 0) (40, clerk -> 1) (50, nurse -> 1); queries (35, clerk) (60, nurse).
Table people(std::vector<double> ages, std::vector<int32_t> jobs) {
  const size_t rows = ages.size();
  return {.columns = {{.name = "age", .numbers = std::move(ages)},
                      {.name = "job",
                       .type = ColumnType::kCategorical,
                       .codes = std::move(jobs),
                       .categories = {"nurse", "clerk"}}},
          .num_rows = rows};
}
const Table kShots = people({30, 40, 50}, {0, 1, 0});
const Table kQueries = people({35, 60}, {1, 0});
const std::vector<int32_t> kLabels{0, 1, 1};
const TaskView kView{.rows = {0, 1, 2}, .features = {0, 1}, .labels = {0, 1}};

TEST(TextPrompt, ConcatIsGolden) {
  EXPECT_EQ(TextPrompt(kShots, kLabels, {}).user_text(kQueries, kView),
            "\n[Data]\n• Each sample = 2 features + 1 label.  Label set = [0, 1].  \n"
            "• Features in a row are comma-separated.  Features and label are separated by \"|\".\n\n\n"
            "[Training set]  (order of rows does NOT matter)  \n3 rows:  \n380,nurse|0\n500,clerk|1\n620,nurse|1\n\n"
            "[Test set]  (keep original order!)  \nEach row = ID, then N features (ID is NOT a feature).  \n2 rows:  \n"
            "ID 0:440,clerk\nID 1:740,nurse\n\n"
            "[Output requirements]\nReturn **only** a JSON array.\nEach element: {\"id\": <ID>, \"label\": "
            "<predicted_label>}\n\n"
            "Begin when ready. Do not output anything except the JSON array.\n");
}

TEST(TextPrompt, ConcatWithFeatureNames) {
  const std::string text = TextPrompt(kShots, kLabels, {.feature_names = true}).user_text(kQueries, kView);
  EXPECT_NE(text.find("separated by \"|\".\n• Feature descriptions  (in order) \n age,job\n\n\n[Training set]"),
            std::string::npos)
      << text;
}

TEST(TextPrompt, TabllmIsGolden) {
  EXPECT_EQ(TextPrompt(kShots, kLabels, {.style = PromptStyle::kTabllm}).user_text(kQueries, kView),
            "\n[Data]\n• Each sample contains 2 features and 1 label. Label set = [0, 1].\n"
            "• Format: FeatureName is value, FeatureName is value, ..., Label is label_value\n• Features: age, job\n\n"
            "[Training set]  (order of rows does NOT matter)  \n3 rows:  \nage is 380, job is nurse, Label is 0\n"
            "age is 500, job is clerk, Label is 1\nage is 620, job is nurse, Label is 1\n\n"
            "[Test set]  (keep original order!)  \nEach row = ID, then feature assignments (ID is NOT a feature).  \n2 "
            "rows:  \n"
            "ID 0: age is 440, job is clerk\nID 1: age is 740, job is nurse\n\n"
            "[Output requirements]\nReturn **only** a JSON array.\nEach element: {\"id\": <ID>, \"label\": "
            "<predicted_label>}\n\n"
            "Begin when ready. Do not output anything except the JSON array.\n");
}

TEST(TextPrompt, AnswerIsPythonJson) {
  EXPECT_EQ(TextPrompt::answer(std::vector<std::string>{"0", "1"}),
            R"([{"id": 0, "label": 0}, {"id": 1, "label": 1}])");
}

TEST(TextPrompt, ViewsReorderRowsColumnsAndLabels) {
  const std::string text =
      TextPrompt(kShots, kLabels, {}).head({.rows = {2, 0}, .features = {1, 0}, .labels = {1, 0}}, /*num_queries=*/1);
  EXPECT_NE(text.find("2 rows:  \nnurse,620|0\nnurse,380|1\n\n"), std::string::npos) << text;
}

TEST(TextPrompt, LabelSetIsThatOfTheDemonstrations) {
  const std::string text = TextPrompt(kShots, kLabels, {}).head({.rows = {1, 2}, .features = {0}, .labels = {0, 1}}, 1);
  EXPECT_NE(text.find("Label set = [1].  \n"), std::string::npos) << text;
}

TEST(TextPrompt, LabelNamesAreJsonStrings) {
  const TextPrompt prompt(kShots, kLabels, {.label_names = {"no", "a \"b\"\nc"}});
  const std::string text = prompt.head({.rows = {1, 0}, .features = {0}, .labels = {1, 0}}, 1);
  EXPECT_NE(text.find("Label set = [\"no\", \"a \\\"b\\\"\\nc\"].  \n"), std::string::npos) << text;
  EXPECT_NE(text.find("2 rows:  \n500|\"a \\\"b\\\"\\nc\"\n380|\"no\"\n"), std::string::npos) << text;
}

TEST(CellText, PaperNumbers) {
  const Table shots{
      .columns = {{.name = "x", .numbers = {0, 1, kMissingNumber}}, {.name = "constant", .numbers = {3, 3, 3}}},
      .num_rows = 3};
  const CellText cells(shots, NumberText::kPaper);
  EXPECT_EQ(cells.cell(shots, 0, 0), "415");  // z = -.7071: 500.5 - 84.85
  EXPECT_EQ(cells.cell(shots, 1, 0), "585");
  EXPECT_EQ(cells.cell(shots, 2, 0), "500");
  EXPECT_EQ(cells.cell(shots, 0, 1), "500");
  const Table queries{.columns = {{.name = "x", .numbers = {1e9, -1e9}}, {.name = "constant", .numbers = {4, 2}}},
                      .num_rows = 2};
  EXPECT_EQ(cells.cell(queries, 0, 0), "999");
  EXPECT_EQ(cells.cell(queries, 1, 0), "0");
  EXPECT_EQ(cells.cell(queries, 0, 1), "500");
}

TEST(CellText, PublishedQuirks) {
  const Table shots{.columns = {{.name = "x", .numbers = {0, 1}}, {.name = "constant", .numbers = {3, 3}}},
                    .num_rows = 2};
  const CellText cells(shots, NumberText::kPublished);
  EXPECT_EQ(cells.cell(shots, 0, 0), "415");  // 500 - 84.85 cut off
  EXPECT_EQ(cells.cell(shots, 1, 0), "584");  // cut off, not rounded
  EXPECT_EQ(cells.cell(shots, 0, 1), "500");
  const Table queries{.columns = {{.name = "x", .numbers = {1e9, 5}}, {.name = "constant", .numbers = {4, 2}}},
                      .num_rows = 2};
  EXPECT_EQ(cells.cell(queries, 0, 0), "120500") << "z clipped to 1000, no upper clip of the code";
  EXPECT_EQ(cells.cell(queries, 0, 1), "120500");
  EXPECT_EQ(cells.cell(queries, 1, 1), "0");
  // One decimal column turns all values of an all-numeric table into decimals.
  const Table decimals{.columns = {{.name = "x", .numbers = {0.5, 1}}, {.name = "y", .numbers = {1, 2}}},
                       .num_rows = 2};
  EXPECT_EQ(CellText(decimals, NumberText::kPublished).cell(decimals, 1, 1), "584.0");
  EXPECT_EQ(CellText(decimals, NumberText::kPaper).cell(decimals, 1, 1), "585");
}

TEST(CellText, TextKeepsNothingThatSeparates) {
  const Table shots{
      .columns = {{.name = "t", .type = ColumnType::kText, .codes = {0, kMissingCode}, .categories = {"a,b\nc"}}},
      .num_rows = 2};
  const CellText cells(shots, NumberText::kPaper);
  EXPECT_EQ(cells.cell(shots, 0, 0), "a b c");
  EXPECT_EQ(cells.cell(shots, 1, 0), "nan");
}

}  // namespace
}  // namespace manyshot
