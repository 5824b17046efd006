// `manyshot prompt` shows what `manyshot predict` gives the model: the same rows, views and refusals.
#include "predict/show_prompt.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <regex>

#include "core/json.h"
#include "core/rng.h"
#include "predict/baselines.h"
#include "predict/in_context.h"
#include "predict/in_context_numbers.h"
#include "predict/model_store.h"
#include "predict/parts_method.h"
#include "predict/predict_file.h"
#include "predict/taught_method.h"
#include "support/error.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

using Tokens = std::vector<TokenId>;

// Keeps the contexts that it is given, and says nothing about queries.
class RecordingModel : public Model {
 public:
  explicit RecordingModel(std::unique_ptr<Model> model) : model_(std::move(model)) {}

  const ModelInfo& info() const override { return model_->info(); }
  const Tokenizer* tokenizer() const override { return model_->tokenizer(); }
  const LanguageModel* language_model() const override { return model_->language_model(); }
  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override {
    contexts_.push_back(prompt.context);
    return std::make_unique<Silence>();
  }
  const std::vector<Tokens>& contexts() const { return contexts_; }

 private:
  class Silence : public EncodedContext {
    void score(const QueryTokens&, std::span<float>) const override {}
  };

  std::unique_ptr<Model> model_;
  mutable std::vector<Tokens> contexts_;
};

// What predict gives the members of its ensemble as context.
std::vector<Tokens> contexts_of_predict(const std::string& path, const TaskOptions& task,
                                        const MethodOptions& options) {
  const auto model = std::make_shared<RecordingModel>(load_model(path));
  const InContextMethod method(model, options, task.seed);
  const TrainingTable train = open_training_table(task);
  method.fit(read_shots(task, train, method.max_labelled_rows()));
  return model->contexts();
}

class ShowPrompt : public ::testing::Test {
 protected:
  // A table of numbers whose column "class" has `num_classes` classes.
  std::string write_table(size_t num_rows, size_t num_columns, size_t num_classes) const {
    const Rng rng(5);
    std::string text = "class";
    for (size_t column = 0; column < num_columns; ++column) text += fmt::format(",x{}", column);
    for (size_t row = 0; row < num_rows; ++row) {
      text += fmt::format("\nc{}", row % num_classes);
      for (size_t column = 0; column < num_columns; ++column) {
        text += fmt::format(",{}", rng.child("x", column).normal(row));
      }
    }
    return folder_.write("table.csv", text + "\n");
  }

  // The tokens of the prompt with one query, as JSON.
  Json tokens(const std::string& model, const TaskOptions& task, int member, std::optional<int> ensemble = {}) const {
    PromptOptions options;
    options.task = task;
    options.model = model;
    options.layout = PromptOutput::kTokens;
    options.queries = 1;
    options.member = member;
    options.ensemble = ensemble;
    return Json::parse(show_prompt(options));
  }

  static TaskOptions task_of(const std::string& table) {
    return {.train = table, .test = table, .target = "class", .seed = 3};
  }

  TemporaryFolder folder_;
};

TEST_F(ShowPrompt, ShowsTheViewThatAMemberOfPredictHas) {
  // More rows and columns than the model takes at a time, so that every member sees others.
  const std::string path = resolve_model("default");
  const ModelInfo info = load_model(path)->info();
  const TaskOptions task = task_of(write_table(static_cast<size_t>(info.max_shots) + 200,
                                               static_cast<size_t>(info.trained_features) + 8, /*num_classes=*/3));
  const std::vector<Tokens> contexts = contexts_of_predict(path, task, {});
  ASSERT_EQ(contexts.size(), 8u);
  for (const int member : {0, 1, 7}) {
    EXPECT_EQ(tokens("default", task, member)["context"].get<Tokens>(), contexts[static_cast<size_t>(member)])
        << member;
  }
  EXPECT_EQ(tokens("default", task, 9)["context"].get<Tokens>(), contexts_of_predict(path, task, {.ensemble = 10})[9]);
}

TEST_F(ShowPrompt, ShowsTheColumnsOfTheTeacher) {
  const std::string path = resolve_model("default");
  PromptOptions options;
  options.task = task_of(write_table(static_cast<size_t>(load_model(path)->info().max_shots) * 2, 2, 2));
  options.teacher.teacher = Teacher::kForest;
  options.layout = PromptOutput::kTokens;
  options.queries = 1;
  const auto shown = Json::parse(show_prompt(options))["context"].get<Tokens>();

  const auto model = std::make_shared<RecordingModel>(load_model(path));
  const TrainingTable train = open_training_table(options.task);
  const LabelledTable shots = read_shots(options.task, train, std::nullopt);
  const TaughtMethod method(std::make_unique<InContextMethod>(model, MethodOptions{}, options.task.seed),
                            options.teacher, options.task.seed);
  method.fit(shots);
  EXPECT_EQ(shown, model->contexts()[0]);
}

// Messages of which one word tells, sent on days of which the weekend does.
std::string messages(size_t num_rows) {
  const Rng rng(7);
  std::string text = "when,message,size,class\n";
  for (size_t row = 0; row < num_rows; ++row) {
    const bool is_refund = rng.bernoulli(row, 0.5);
    text +=
        fmt::format("2024-01-{:02},order {} {},{},{}\n", 1 + rng.child("day").below(row, 28), row * 7919,
                    is_refund ? "refund please" : "thank you", rng.child("size").below(row, 50), is_refund ? "b" : "a");
  }
  return text;
}

TEST_F(ShowPrompt, ShowsWhatDatesAndWordsSay) {
  const std::string path = resolve_model("default");
  const TaskOptions task = task_of(folder_.write("messages.csv", messages(80)));
  const auto model = std::make_shared<RecordingModel>(load_model(path));
  const TrainingTable train = open_training_table(task);
  const auto method = with_parts(std::make_unique<InContextMethod>(model, MethodOptions{}, task.seed));
  const auto predictor = method->fit(read_shots(task, train, method->max_labelled_rows()));
  EXPECT_THAT(predictor->notes(), ::testing::Contains(HasSubstr("its words are read")));
  EXPECT_EQ(tokens("default", task, 2)["context"].get<Tokens>(), model->contexts()[2]);
}

TEST_F(ShowPrompt, ShowsNumbersToPredictByTheirCodes) {
  const std::string path = resolve_model("default");
  TaskOptions task = task_of(write_table(120, 3, 2));
  task.target = "x0";
  task.kind = TaskKind::kAuto;
  const auto model = std::make_shared<RecordingModel>(load_model(path));
  const TrainingTable train = open_training_table(task);
  ASSERT_TRUE(train.is_number());
  const auto method = with_parts(std::make_unique<InContextNumberMethod>(model, MethodOptions{}, task.seed));
  method->fit(read_numbered_shots(task, train, method->max_labelled_rows(), train.labels));
  EXPECT_EQ(tokens("default", task, 3)["context"].get<Tokens>(), model->contexts()[3]);
  PromptOptions options;
  options.task = task;
  options.queries = 2;
  const std::string text = show_prompt(options);
  EXPECT_TRUE(std::regex_search(text, std::regex("^([0-9]+/[0-9]+ ){2}[^|]*\\| [0-9]{1,3}\n"))) << text;
  EXPECT_THAT(text, ::testing::EndsWith("|\n")) << "of queries nothing is told";
  options.teacher.teacher = Teacher::kForest;
  EXPECT_ERROR(show_prompt(options), ErrorKind::kBadInput, "--teacher forest: nothing that predicts numbers reads");
  options.teacher.teacher = Teacher::kNone;
  const TemporaryFolder text_model;
  write_tiny_text_model(text_model.path());
  options.model = text_model.path();
  EXPECT_ERROR(show_prompt(options), ErrorKind::kUnsupported, "predicts classes, and the target is a number");
}

TEST_F(ShowPrompt, AutoHasNoSinglePrompt) {
  PromptOptions options;
  options.task = task_of(write_table(20, 2, 2));
  options.model = "auto";
  EXPECT_ERROR(show_prompt(options), ErrorKind::kBadInput, "give --model default, with --teacher forest or both");
}

TEST_F(ShowPrompt, ShowsTheViewThatAMemberOfALanguageModelHas) {
  const TemporaryFolder model;
  write_tiny_text_model(model.path(), /*context_window=*/900);
  const TaskOptions task = task_of(write_table(/*num_rows=*/700, /*num_columns=*/2, /*num_classes=*/2));
  const std::vector<Tokens> contexts = contexts_of_predict(model.path(), task, {.ensemble = 3});
  const auto prompt = tokens(model.path(), task, 2, 3).get<Tokens>();
  ASSERT_GT(prompt.size(), contexts[2].size());
  EXPECT_EQ(Tokens(prompt.begin(), prompt.begin() + static_cast<ptrdiff_t>(contexts[2].size())), contexts[2]);
  EXPECT_NE(contexts[2], contexts[0]);
}

TEST_F(ShowPrompt, RefusesWhatPredictRefuses) {
  const TemporaryFolder text_model;
  write_tiny_text_model(text_model.path());
  const std::string few = write_table(40, 3, 2), text = text_model.path();
  struct Case {
    std::string model, option, value, words;
  };
  for (const Case& refused : {Case{"default", "chat", "raw", "--chat raw is for language models"},
                              Case{"default", "compat", "repo", "--compat repo is for language models"},
                              Case{"default", "labels", "names", "--labels names is for language models"},
                              Case{"default", "format", "concat", "reads compact"},
                              Case{text, "format", "compact", "reads concat, tabllm or lines"},
                              Case{"defualt", "seed", "1", "did you mean \"default\""}}) {
    PromptOptions prompt;
    PredictOptions predict;
    prompt.task = predict.task = task_of(few);
    prompt.model = predict.model = refused.model;
    set_option(options_of(prompt), refused.option, refused.value);
    set_option(options_of(predict), refused.option, refused.value);
    const std::string words = error_of([&] { show_prompt(prompt); }).what();
    EXPECT_THAT(words, HasSubstr(refused.words));
    EXPECT_EQ(words.substr(0, words.find("; known")),
              std::string(error_of([&] { predict_file(predict, {}); }).what()).substr(0, words.find("; known")));
  }
}

TEST_F(ShowPrompt, RefusesMoreClassesThanTheModelTellsApart) {
  PromptOptions options;
  options.task = task_of(write_table(/*num_rows=*/60, /*num_columns=*/2, /*num_classes=*/11));
  EXPECT_ERROR(show_prompt(options), ErrorKind::kUnsupported, "11 classes and this model tells at most 10 apart");
}

TEST_F(ShowPrompt, ABaselineHasNoPrompt) {
  PromptOptions options;
  options.task = task_of(write_table(20, 2, 2));
  for (const std::string& name : baseline_names()) {
    options.model = name;
    EXPECT_ERROR(
        show_prompt(options), ErrorKind::kBadInput,
        fmt::format("--model {}: a baseline reads tables, not prompts; give a model: \"default\"", name).c_str());
  }
}

}  // namespace
}  // namespace manyshot
