// The prompts of arXiv 2509.06806, byte for byte: the golden text is the sheet of the published code's own output.
#include "encoding/text/text_prompt.h"

#include <gtest/gtest.h>

#include <set>
#include <span>

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

TextPrompt lines(const Table& shots, std::span<const int32_t> labels, std::vector<std::string> names = {},
                 int digits = kLineDigits) {
  return {shots, labels, {.style = PromptStyle::kLines, .label_names = std::move(names), .digits = digits}};
}

TEST(TextPrompt, LinesAreGolden) {
  const TextPrompt prompt = lines(kShots, kLabels);
  EXPECT_EQ(prompt.head(kView, 1).size(), std::string("38,A|0\n50,B|1\n62,A|1\n").size());
  const std::string text = prompt.user_text(kQueries, kView);
  const bool nurse_first = text[3] == 'A';  // the view decides which letter
  EXPECT_EQ(text, nurse_first ? "38,A|0\n50,B|1\n62,A|1\n44,B|\n74,A|" : "38,B|0\n50,A|1\n62,B|1\n44,A|\n74,B|");
  EXPECT_EQ(lines(kShots, kLabels, {"no", "a \"b\"\nc"}).user_text(kQueries, kView),
            "age,job|\n38,nurse| no\n50,clerk| a \\\"b\\\"\\nc\n62,nurse| a \\\"b\\\"\\nc\n44,clerk|\n74,nurse|");
}

TEST(TextPrompt, LinesHaveAsManyDigitsAsAskedFor) {
  TaskView view{.rows = {0, 2}, .features = {0}, .labels = {0, 1}};
  EXPECT_EQ(lines(kShots, kLabels, {}, 1).head(view, 1), "3|0\n6|1\n");
  EXPECT_EQ(lines(kShots, kLabels, {}, 3).head(view, 1), "380|0\n620|1\n");
  view.scale = NumberScale::kRanks;  // a sixth, a half and five sixths: -.967, 0, .967 deviations
  EXPECT_EQ(lines(kShots, kLabels, {}, 3).head(view, 1), "384|0\n616|1\n");
  for (uint32_t k = 2; k < 11; ++k) view.labels.push_back(k);
  EXPECT_EQ(lines(kShots, kLabels, {}, 1).head(view, 1), "3|00\n6|01\n") << "no label begins another";
}

TEST(TextPrompt, LinesSayWhatIsMissingOrNew) {
  Table shots{.columns = {{.name = "x", .numbers = {1, kMissingNumber, 2}},
                          {.name = "c",
                           .type = ColumnType::kCategorical,
                           .codes = {0, 0, kMissingCode},
                           .categories = {"red", "green"}}},
              .num_rows = 3};
  const TextPrompt prompt = lines(shots, kLabels);
  EXPECT_EQ(prompt.head(kView, 1), "41,A|0\nnan,A|1\n58,nan|1\n");
  shots.columns[1].codes = {1, 1, 1};
  EXPECT_EQ(prompt.query_line(shots, 0, 0, kView), "41,new|");
}

TEST(TextPrompt, LinesOfManyCategoriesTakeTwoLetters) {
  Table shots{.columns = {{.name = "c", .type = ColumnType::kCategorical}}, .num_rows = 27};
  std::vector<int32_t> labels(27);
  TaskView view{.features = {0}, .labels = {0, 1}};
  for (int32_t level = 0; level < 27; ++level) {
    shots.columns[0].codes.push_back(level);
    shots.columns[0].categories.push_back("level " + std::to_string(level));
    view.rows.push_back(static_cast<uint32_t>(level));
  }
  std::set<std::string> different;
  for (size_t row = 0; row < 27; ++row)
    different.insert(CellText::of_lines(shots, kLineDigits, /*has_words=*/false).cell(shots, row, 0, view));
  EXPECT_EQ(different.size(), 27u);
  EXPECT_EQ(*different.begin(), "AA");
  EXPECT_EQ(*different.rbegin(), "BA");
  view.category_seed = 1;
  EXPECT_NE(CellText::of_lines(shots, kLineDigits, false).cell(shots, 0, 0, view),
            CellText::of_lines(shots, kLineDigits, false).cell(shots, 0, 0, {}));
}

TEST(TextPrompt, LinesShowTheLikeliestClassOfATeacher) {
  Table shots = kShots;
  shots.columns.pop_back();
  shots.columns.push_back({.name = "two", .numbers = {0.25, 1, kMissingNumber}, .share_of = 1});
  const TaskView view{.rows = {0, 1, 2}, .features = {0}, .labels = {1, 0}};
  EXPECT_EQ(lines(shots, kLabels).head(view, 1), "38,1:75|1\n50,0:99|0\n62,nan|0\n") << "by the view's labels";
  Table three = kShots;
  three.columns.pop_back();
  for (int32_t k = 0; k < 3; ++k)
    three.columns.push_back({.name = "s", .numbers = {k == 2 ? .5 : .25, .125, .125}, .share_of = k});
  for (int32_t k = 0; k < 3; ++k)
    three.columns.push_back({.name = "t", .numbers = {k == 0 ? .875 : 0.0625, .125, .125}, .share_of = k});
  EXPECT_EQ(lines(three, kLabels).query_line(three, 0, 0, {.features = {0}, .labels = {0, 1, 2}}), "38,2:50,0:87|");
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
