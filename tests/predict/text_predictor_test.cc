// Language models as predictors, on a small model with random weights: not what it answers matters, but how.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "core/parallel.h"
#include "core/rng.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/files/trained_prompt.h"
#include "model/language/language_model.h"
#include "predict/model_store.h"
#include "predict/predictor.h"
#include "predict/testing.h"
#include "predict/text_task.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::expect_same_in_groups;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::SizeIs;

LabelledTable task(size_t num_rows, std::vector<std::string> classes) {
  const Rng rng(4);
  LabelledTable shots{.features = {.num_rows = num_rows}, .classes = std::move(classes)};
  Column age{.name = "age"},
      job{.name = "job", .type = ColumnType::kCategorical, .categories = {"nurse", "clerk", "cook"}};
  for (size_t row = 0; row < num_rows; ++row) {
    age.numbers.push_back(rng.normal(row));
    job.codes.push_back(static_cast<int32_t>(rng.child("job").below(row, 3)));
    shots.labels.push_back(static_cast<int32_t>(row % shots.classes.size()));
  }
  shots.features.columns = {std::move(age), std::move(job)};
  return shots;
}

class TextPredictor : public ::testing::Test {
 protected:
  TextPredictor() { write_tiny_text_model(model_.path()); }
  ~TextPredictor() override { set_num_threads(0); }
  std::unique_ptr<Predictor> fit(const LabelledTable& shots, const MethodOptions& options = {},
                                 uint64_t seed = 0) const {
    return open_method(model_.path(), options, seed)->fit(shots);
  }
  TemporaryFolder model_;
};

TEST_F(TextPredictor, AQueryDoesNotDependOnItsNeighboursOrTheThreads) {
  // Labels of one and of two digits: "1" begins "10".
  std::vector<std::string> classes;
  for (int k = 0; k < 12; ++k) classes.push_back("c" + std::to_string(k));
  const LabelledTable shots = task(36, classes), queries = task(40, classes);
  for (const std::optional<DType> dtype : {std::optional(DType::kFloat32), std::optional<DType>()}) {
    const MethodOptions options{.ensemble = 2, .dtype = dtype};
    set_num_threads(1);
    const auto reference = fit(shots, options)->predict(queries.features);
    for (const int threads : {2, 7}) {
      set_num_threads(threads);
      const auto predictor = fit(shots, options);
      EXPECT_EQ(predictor->predict(queries.features), reference) << threads;
      expect_same_in_groups(*predictor, queries.features, reference, {{33}, {39, 33, 0}});
    }
  }
}

TEST_F(TextPredictor, ProbabilitiesAreThoseOfTheForcedJson) {
  // The labels 0, 1 and 2 part at one token: each class's share there, computed one whole text at a time.
  const LabelledTable shots = task(8, {"a", "b", "c"}), queries = task(3, shots.classes);
  const MethodOptions options{.dtype = DType::kFloat32};
  const auto probabilities = fit(shots, options, 3)->predict(queries.features);
  const auto model = load_model(model_.path(), {.dtype = DType::kFloat32});
  const TextTask text_task(*model->tokenizer(), plan_prompts(model->info(), options, 3), shots, 1);
  const TaskView& view = text_task.views().front();
  for (size_t row = 0; row < 3; ++row) {
    const TextCachePtr prompt = model->language_model()->prefill(
        text_task.format().prompt_tokens(take_rows(queries.features, std::vector{row}), view));
    std::vector<double> expected;
    for (size_t k = 0; k < 3; ++k) {
      const auto answer = model->tokenizer()->encode("[{\"id\": 0, \"label\": " + text_task.format().label(k, view),
                                                     /*parse_special=*/false);
      const Branch branch{.prefix = prompt, .tokens = answer};
      double log_prob = 0;
      const std::vector<BranchScore> scores = model->language_model()->score(std::span(&branch, 1));
      for (const float value : scores.front().log_probs) log_prob += value;
      expected.push_back(std::exp(log_prob));
    }
    const double sum = expected[0] + expected[1] + expected[2];
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(probabilities[row * 3 + k], expected[k] / sum, 1e-5);
  }
}

TEST_F(TextPredictor, LinesGoOnWithTheLabel) {
  // As names end where the next row begins, one may begin another; numbers of 12 classes have two digits each.
  std::vector<std::string> dozen;
  for (int k = 0; k < 12; ++k) dozen.push_back("c" + std::to_string(k));
  for (const auto& [classes, names] : {std::pair(std::vector<std::string>{"a", "ab", "c,d"}, LabelText::kNames),
                                       {std::vector<std::string>{"a", "ab", "c,d"}, LabelText::kIds},
                                       {dozen, LabelText::kIds}}) {
    const LabelledTable shots = task(24, classes), queries = task(3, classes);
    const MethodOptions options{.prompt = {.format = PromptStyle::kLines, .labels = names}, .dtype = DType::kFloat32};
    const auto probabilities = fit(shots, options, 3)->predict(queries.features);
    const auto model = load_model(model_.path(), {.dtype = DType::kFloat32});
    const TextTask text_task(*model->tokenizer(), plan_prompts(model->info(), options, 3), shots, 1);
    const TaskView& view = text_task.views().front();
    for (size_t row = 0; row < 3; ++row) {
      const std::string prompt = text_task.format().prompt_text(take_rows(queries.features, std::vector{row}), view);
      EXPECT_TRUE(prompt.ends_with("|")) << prompt;
      std::vector<double> expected;
      double sum = 0;
      for (size_t k = 0; k < classes.size(); ++k) {
        const auto asked = model->tokenizer()->encode(prompt, /*parse_special=*/false);
        const auto all = model->tokenizer()->encode(
            prompt + text_task.format().label(k, view) + (names == LabelText::kNames ? "\n" : ""), false);
        ASSERT_TRUE(std::equal(asked.begin(), asked.end(), all.begin())) << "no token reaches across the bar";
        const Branch branch{.prefix = model->language_model()->prefill(asked),
                            .tokens = std::span(all).subspan(asked.size())};
        double log_prob = 0;
        const std::vector<BranchScore> scores = model->language_model()->score(std::span(&branch, 1));
        for (const float value : scores.front().log_probs) log_prob += value;
        expected.push_back(std::exp(log_prob));
        sum += expected.back();
      }
      // Those of several tokens part at more than one place, each with shares of its own.
      if (names == LabelText::kNames || classes.size() > 10) continue;
      for (size_t k = 0; k < classes.size(); ++k)
        EXPECT_NEAR(probabilities[row * classes.size() + k], expected[k] / sum, 1e-5);
    }
  }
}

TEST_F(TextPredictor, MembersOfLinesReadValuesAndRanksInTurn) {
  const auto model = load_model(model_.path());
  const LabelledTable shots = task(12, {"a", "b"});
  const auto scales = [&](PromptStyle format) {
    const MethodOptions options{.ensemble = 3, .prompt = {.format = format}};
    const TextTask text_task(*model->tokenizer(), plan_prompts(model->info(), options, 5), shots, 1);
    std::vector<NumberScale> found;
    for (const TaskView& view : text_task.views()) found.push_back(view.scale);
    return found;
  };
  EXPECT_THAT(scales(PromptStyle::kLines),
              ElementsAre(NumberScale::kValues, NumberScale::kRanks, NumberScale::kValues));
  EXPECT_THAT(scales(PromptStyle::kConcat), Each(NumberScale::kValues));
}

TEST_F(TextPredictor, ATeachersColumnsStandInLines) {
  const LabelledTable shots = task(30, {"a", "b", "c"}), queries = task(3, shots.classes);
  const MethodOptions options{.prompt = {.format = PromptStyle::kLines}, .teacher = {.teacher = Teacher::kForest}};
  EXPECT_NE(fit(shots, options)->predict(queries.features),
            fit(shots, {.prompt = {.format = PromptStyle::kLines}})->predict(queries.features));
}

TEST_F(TextPredictor, WhatLinesCannotDoIsAnError) {
  const LabelledTable shots = task(9, {"a", "b"});
  const PromptForm lines{.format = PromptStyle::kLines};
  EXPECT_ERROR(fit(shots, {.prompt = lines, .answers = Answers::kSequential}), ErrorKind::kBadInput,
               "--answers sequential");
  EXPECT_ERROR(fit(shots, {.prompt = {.format = PromptStyle::kLines, .chat = ChatWrapping::kChatMl}}),
               ErrorKind::kBadInput, "--chat chatml");
  EXPECT_ERROR(fit(shots, {.prompt = {.digits = 2}}), ErrorKind::kBadInput, "--digits 2: --format concat");
  EXPECT_ERROR(open_method("default", {.prompt = {.digits = 2}}), ErrorKind::kBadInput, "--digits 2");
  EXPECT_ERROR(open_method("default", {.prompt = {.prompt_tokens = 9}}), ErrorKind::kBadInput, "--prompt-tokens 9");
  EXPECT_ERROR(open_method("default", {.prompt = {.prompt_columns = 9}}), ErrorKind::kBadInput, "--prompt-columns 9");
}

TEST_F(TextPredictor, TheAdapterBesideAModelReadsItsTables) {
  const LabelledTable shots = task(9, {"a", "b"}), queries = task(3, {"a", "b"});
  const auto alone = fit(shots)->predict(queries.features);
  const std::string beside = model_ / "adapter";
  std::filesystem::create_directory(beside);
  write_tiny_adapter(beside);
  write_trained_prompt({.format = PromptStyle::kLines, .chat = ChatWrapping::kRaw, .digits = 1}, beside);
  EXPECT_EQ(adapter_of(model_.path(), ""), beside);
  EXPECT_EQ(adapter_of(model_.path(), "none"), "");
  EXPECT_EQ(adapter_of(model_.path(), "other"), "other");
  const MethodOptions given{.prompt = {.format = PromptStyle::kLines, .digits = 1}, .adapter = beside};
  EXPECT_EQ(fit(shots)->predict(queries.features), fit(shots, given)->predict(queries.features));
  EXPECT_EQ(fit(shots, {.adapter = "none"})->predict(queries.features), alone);
  std::filesystem::remove(beside + "/adapter_config.json");
  EXPECT_EQ(adapter_of(model_.path(), ""), "") << "no adapter";
}

TEST_F(TextPredictor, AnyLabelNamesWork) {
  // Prefixes of each other, quotes, line ends, nothing at all.
  const LabelledTable shots = task(14, {"", "a", "ab", "abc \"d\"", "line\nend", "\\", "\xe2\x82\xac"}),
                      queries = task(3, shots.classes);
  const auto probabilities = fit(shots, {.prompt = {.labels = LabelText::kNames}})->predict(queries.features);
  for (size_t row = 0; row < 3; ++row) {
    double sum = 0;
    for (size_t k = 0; k < 7; ++k) {
      EXPECT_GT(probabilities[row * 7 + k], 0);
      sum += probabilities[row * 7 + k];
    }
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST_F(TextPredictor, MembersProbabilitiesAreSummed) {
  const LabelledTable shots = task(12, {"a", "b"}), queries = task(4, {"a", "b"});
  const auto model = load_model(model_.path());
  const auto two = fit(shots, {.ensemble = 2}, 5)->predict(queries.features);
  const TextTask text_task(*model->tokenizer(), plan_prompts(model->info(), {.ensemble = 2}, 5), shots, 1);
  std::vector<double> sum(two.size());
  for (const TaskView& view : text_task.views()) {
    std::vector<float> scores(two.size());
    model->encode(text_task.format().prompt(view))
        ->score(text_task.format().queries(queries.features, std::span(&view, 1)).front(), scores);
    for (size_t i = 0; i < sum.size(); i += 2) {
      const double a = std::exp(double{scores[i]}), b = std::exp(double{scores[i + 1]});
      sum[i] += a / (a + b) / 2;
      sum[i + 1] += b / (a + b) / 2;
    }
  }
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(two[i], sum[i], 1e-12);
}

TEST_F(TextPredictor, RowsThatDoNotFitTheWindowAreLeftOutWithANote) {
  const TemporaryFolder small;
  write_tiny_text_model(small.path(), /*context_window=*/900);
  const auto predictor = open_method(small.path())->fit(task(120, {"a", "b"}));
  ASSERT_THAT(predictor->notes(),
              ElementsAre(HasSubstr("120 labelled rows do not fit the model's window of 900 tokens")));
  EXPECT_EQ(predictor->predict(task(5, {"a", "b"}).features).size(), 10u);
  write_tiny_text_model(small.path(), /*context_window=*/200);
  EXPECT_ERROR(open_method(small.path())->fit(task(20, {"a", "b"})), ErrorKind::kBadInput, "window of 200 tokens");
}

std::vector<size_t> sizes_of_members(const TextTask& text_task) {
  std::vector<size_t> sizes;
  for (const TaskView& view : text_task.views()) sizes.push_back(view.rows.size());
  return sizes;
}

TEST_F(TextPredictor, MembersShareOutTheRowsThatOnePromptShouldNotHave) {
  const auto model = load_model(model_.path());
  const auto make = [&](size_t rows, const MethodOptions& options) {
    const LabelledTable shots = task(rows, {"a", "b"});
    return std::make_unique<TextTask>(*model->tokenizer(), plan_prompts(model->info(), options, 3), shots, 1);
  };
  const PromptForm lines{.format = PromptStyle::kLines, .prompt_tokens = 300};
  EXPECT_THAT(sizes_of_members(*make(10, {.prompt = lines})), ElementsAre(10u)) << "one prompt has them all";

  const auto shared = make(120, {.prompt = lines});
  ASSERT_GT(shared->views().size(), 2u);
  std::set<uint32_t> seen;
  size_t sum = 0;
  for (const TaskView& view : shared->views()) {
    EXPECT_LE(shared->format().prompt(view).context.size(), 300u);
    seen.insert(view.rows.begin(), view.rows.end());
    sum += view.rows.size();
  }
  EXPECT_EQ(seen.size(), 120u) << "each row is seen";
  EXPECT_EQ(sum, 120u) << "by one member";
  EXPECT_THAT(shared->notes(), ElementsAre(HasSubstr("members of the ensemble sees")));

  EXPECT_THAT(sizes_of_members(*make(120, {.ensemble = 2, .prompt = lines})), SizeIs(2)) << "as many as are asked for";
  const auto too_few = make(120, {.ensemble = 1, .prompt = lines});
  EXPECT_THAT(too_few->notes(), ElementsAre(HasSubstr("120 labelled rows do not fit prompts of 300 tokens")));
  EXPECT_THAT(sizes_of_members(*make(120, {.prompt = {.format = PromptStyle::kLines}})), ElementsAre(120u))
      << "a model of which nothing is known has one prompt";
  EXPECT_THAT(sizes_of_members(*make(12, {.prompt = {.format = PromptStyle::kLines, .prompt_tokens = 1}})),
              Each(Ge(2u)))
      << "one row of each class there is";
}

TEST_F(TextPredictor, MembersSeeTheColumnsThatTellMostAndSomeOthers) {
  LabelledTable shots = task(40, {"a", "b"});
  const Rng rng(8);
  for (int extra = 0; extra < 6; ++extra) {
    Column column{.name = "noise" + std::to_string(extra)};
    for (size_t row = 0; row < 40; ++row)
      column.numbers.push_back(rng.child("noise", static_cast<uint64_t>(extra)).normal(row));
    shots.features.columns.push_back(std::move(column));
  }
  Column telling{.name = "telling", .type = ColumnType::kCategorical, .categories = {"x", "y"}};
  for (const int32_t label : shots.labels) telling.codes.push_back(label);
  shots.features.columns.push_back(std::move(telling));
  const auto model = load_model(model_.path());
  const MethodOptions options{.ensemble = 4, .prompt = {.format = PromptStyle::kLines, .prompt_columns = 4}};
  const TextTask text_task(*model->tokenizer(), plan_prompts(model->info(), options, 3), shots, 1);
  for (const TaskView& view : text_task.views()) EXPECT_THAT(view.features, AllOf(SizeIs(4), Contains(8u)));
  EXPECT_THAT(text_task.notes(), ElementsAre(HasSubstr("9 columns, the model takes 4 at a time")));
}

TEST_F(TextPredictor, AQueryLongerThanTheWindowIsAnError) {
  const TemporaryFolder small;
  write_tiny_text_model(small.path(), /*context_window=*/900);
  LabelledTable queries = task(1, {"a", "b"});
  queries.features.columns[1].categories.push_back(std::string(5000, '7'));
  queries.features.columns[1].codes[0] = 3;
  EXPECT_ERROR(open_method(small.path())->fit(task(10, {"a", "b"}))->predict(queries.features), ErrorKind::kBadInput,
               "900");
}

TEST_F(TextPredictor, SequentialAnswersFallBackWhenTheModelWritesNonsense) {
  const LabelledTable shots = task(9, {"a", "b", "c"}), queries = task(7, {"a", "b", "c"});
  const MethodOptions options{.answers = Answers::kSequential};
  const auto predictor = fit(shots, options);
  const auto probabilities = predictor->predict(queries.features);
  ASSERT_EQ(probabilities.size(), 21u);
  for (size_t row = 0; row < 7; ++row)
    EXPECT_NEAR(probabilities[row * 3] + probabilities[row * 3 + 1] + probabilities[row * 3 + 2], 1, 1e-9);
  EXPECT_THAT(predictor->closing_notes(), ElementsAre(HasSubstr("7 written answers: ")));
  set_num_threads(1);
  EXPECT_EQ(fit(shots, options)->predict(queries.features), probabilities);
}

TEST_F(TextPredictor, OptionsOfOtherModelsAreErrors) {
  const LabelledTable shots = task(9, {"a", "b"});
  EXPECT_ERROR(fit(shots, {.prompt = {.format = PromptStyle::kCompact}}), ErrorKind::kBadInput, "--format compact");
  EXPECT_ERROR(open_method("default", {.prompt = {.format = PromptStyle::kConcat}}), ErrorKind::kBadInput,
               "--format concat");
  EXPECT_ERROR(open_method("default", {.prompt = {.labels = LabelText::kNames}}), ErrorKind::kBadInput,
               "--labels names");
  EXPECT_ERROR(open_method("default", {.answers = Answers::kSequential}), ErrorKind::kBadInput, "--answers sequential");
  EXPECT_ERROR(open_method("default", {.adapter = model_.path()}), ErrorKind::kUnsupported, "--adapter");
}

TEST_F(TextPredictor, AnAdapterChangesTheAnswers) {
  const TemporaryFolder adapter;
  write_tiny_adapter(adapter.path());
  const LabelledTable shots = task(9, {"a", "b"}), queries = task(3, {"a", "b"});
  EXPECT_NE(fit(shots, {.adapter = adapter.path()})->predict(queries.features), fit(shots)->predict(queries.features));
}

}  // namespace
}  // namespace manyshot
