// Method and Predictor: the one door for in-context models and baselines. A Method is opened once (weights loaded) and
// fitted to any number of tasks; the Predictor that results gives class probabilities for other rows of that task.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"
#include "encoding/prompt_format.h"
#include "encoding/text/chat_wrapping.h"
#include "encoding/text/text_prompt.h"
#include "model/device/device.h"
#include "model/dtype.h"
#include "predict/answer_report.h"
#include "predict/fit_store.h"
#include "predict/long_query.h"
#include "table/table.h"

namespace manyshot {

// Labelled rows: the features of N rows and the class of each.
struct LabelledTable {
  Table features;
  std::vector<int32_t> labels;       // [N] indices into classes
  std::vector<std::string> classes;  // K class names in sorted order; some may have no row here

  size_t num_classes() const { return classes.size(); }
  std::vector<uint32_t> class_counts() const;  // [K]
  LabelledTable at(std::span<const uint64_t> rows) const;
};

// A fitted Predictor is safe to use from several threads, all of its functions at the same time; what they share
// beneath is locked inside. Threads may then wait for each other, but no answer depends on it.
class Predictor {
 public:
  virtual ~Predictor() = default;
  // Probabilities [Q, K], row-major, classes in LabelledTable::classes order; each row sums to 1 and a class without
  // labelled rows gets 0. `queries` has the columns of the labelled rows. A query's probabilities are the same bits
  // whatever other rows stand beside it and however many threads run.
  virtual std::vector<double> predict(const Table& queries) const = 0;
  // Queries that one call should hold: fewer waste time, more only memory.
  virtual size_t batch_rows() const { return 16'384; }
  // Probabilities [N, K] of the labelled rows, each predicted without its own label, so that they say how good those of
  // other rows will be; a row without any is NaN. Empty where the method has none to give.
  virtual std::vector<double> honest_probabilities() const { return {}; }
  // What the predictor had to decide, leave out or lose, as sentences for the user.
  virtual std::vector<std::string> notes() const { return {}; }
  // What happened while it predicted, in the calls that have returned; asked at the end.
  virtual std::vector<std::string> closing_notes() const { return {}; }
  virtual AnswerReport answer_report() const { return {}; }
  // What Method::restore() takes in place of the labelled rows; empty where answers need the rows themselves.
  virtual std::string state_without_rows() const { return {}; }
};

// Safe to use from several threads: tasks may be fitted at the same time.
class Method {
 public:
  virtual ~Method() = default;
  // Labelled rows the method can use at most; nothing: no limit.
  virtual std::optional<uint64_t> max_labelled_rows() const { return std::nullopt; }
  // Whether it is better shown the parts of dates and what words say as further columns (predict/parts_method.h).
  virtual bool reads_parts() const { return true; }
  // The first query that is too long, for a method that knows before fit(), which may take it minutes. `queries` reads
  // all of them.
  virtual std::optional<LongQuery> find_long_query(const LabelledTable& /*shots*/,
                                                   const std::function<Table()>& /*queries*/) const {
    return std::nullopt;
  }
  // Throws Error(kUnsupported) when the task is beyond the method (more classes than it tells apart).
  virtual std::unique_ptr<Predictor> fit(const LabelledTable& shots) const = 0;
  // The predictor whose state_without_rows() this is, of tables of so many columns: it answers with the same bits, and
  // has no honest probabilities. Throws Error(kCorruptFile) for other bytes.
  virtual std::unique_ptr<Predictor> restore(size_t num_columns, ByteReader& state) const;
  // The same Predictor; what takes time is read from the store, or kept there (predict/fit_store.h).
  virtual std::unique_ptr<Predictor> fit_with(const LabelledTable& shots, const FitStore& /*store*/) const {
    return fit(shots);
  }
};

// What a prompt looks like.
struct PromptForm {
  std::optional<PromptStyle> format;
  std::optional<ChatWrapping> chat;
  NumberText compat = NumberText::kPaper;
  LabelText labels = LabelText::kIds;
  std::optional<int> digits;
  std::optional<int> prompt_columns;
  std::optional<int> prompt_tokens;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Prompt");
    v("format", self.format,
      one_of({PromptStyle::kCompact, PromptStyle::kConcat, PromptStyle::kTabllm, PromptStyle::kLines}).unset_as("auto"),
      "Prompt format; auto: compact for compact models, for language models the one they were trained on, else "
      "concat.");
    v("chat", self.chat, one_of(kPromptWrappings).unset_as("auto"),
      "How a text prompt is wrapped; auto: as the model was trained, else ChatML where the tokenizer has its tokens, "
      "else raw.");
    v("compat", self.compat, any_value(),
      "Numbers in text prompts: as the paper says, or as its published code writes them.");
    v("labels", self.labels, any_value(),
      "Classes in text prompts: numbers from 0, as the paper has it, or their names; in lines those of columns, too.");
    v("digits", self.digits, between(1, kPaperDigits).unset_as("auto"),
      "Digits of a number in lines; auto: as the model was trained, else 2.");
    v("prompt_columns", self.prompt_columns, at_least(1).unset_as("auto"),
      "Columns that one member of a language model's ensemble sees at most: those that best tell the classes apart, "
      "and others by chance; auto: as many as it was trained with, where its folder says so, else all.");
    v("prompt_tokens", self.prompt_tokens, at_least(1).unset_as("auto"),
      "Tokens of labelled rows that one member of a language model's ensemble sees at most; members share out the rows "
      "of larger tables; auto: as its folder says, else as many as its window has room for.");
  }
};

// Whether probabilities are fitted to the labelled rows.
enum class Calibrate { kContext, kNone };
constexpr auto names_of(Calibrate) {
  return std::to_array<Named<Calibrate>>({{Calibrate::kContext, "context"}, {Calibrate::kNone, "none"}});
}

// How language models answer (predict/text_predictor.h).
enum class Answers { kScored, kSequential };
constexpr auto names_of(Answers) {
  return std::to_array<Named<Answers>>({{Answers::kScored, "scored"}, {Answers::kSequential, "sequential"}});
}

// Trees whose class shares an in-context model sees as further columns (predict/tree_teachers.h).
enum class Teacher { kNone, kForest, kXgboost, kBoth };
constexpr auto names_of(Teacher) {
  return std::to_array<Named<Teacher>>({{Teacher::kNone, "none"},
                                        {Teacher::kForest, "forest"},
                                        {Teacher::kXgboost, "xgboost"},
                                        {Teacher::kBoth, "both"}});
}

struct TeacherOptions {
  Teacher teacher = Teacher::kNone;
  double teacher_seconds = 20;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("teacher", self.teacher, any_value(),
      "Trees fitted to all labelled rows, whose class shares the model sees as further columns: a random forest, "
      "XGBoost, or both. auto decides for itself.");
    v("teacher_seconds", self.teacher_seconds, between(0.1, 1e6),
      "About how long the trees may take on one core; beyond that trees, and then rows, are left out.");
  }
};

struct MethodOptions {
  std::optional<int> ensemble;
  Calibrate calibrate = Calibrate::kContext;
  PromptForm prompt;
  Answers answers = Answers::kScored;
  TeacherOptions teacher;
  std::string adapter;
  std::optional<DType> dtype;
  Engine engine = Engine::kAuto;
  Device device;  // that of the program's own option

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Model");
    v("ensemble", self.ensemble, at_least(1).unset_as("auto"),
      "Members of the ensemble: each sees other row, column and label orders. auto: 16, where labelled "
      "cells are many down to 8; for language models as many as it takes to read the rows, up to 8, where "
      "--prompt-tokens is known, else 1.");
    v("calibrate", self.calibrate, any_value(),
      "Fit the probabilities on the labelled rows, each predicted from those before it (compact models); none: as the "
      "model gives them.");
    PromptForm::visit(self.prompt, v);
    option_heading(v, "Model");
    v("answers", self.answers, any_value(),
      "Language models: score every class behind every query, or let the model write the JSON of 50 queries, as the "
      "paper does.");
    TeacherOptions::visit(self.teacher, v);
    v("adapter", self.adapter, any_value(),
      "Folder with a PEFT LoRA adapter for the language model; without it the folder adapter beside the model, where "
      "there is one; none: no adapter.");
    v("dtype", self.dtype, any_value().unset_as("auto"),
      "Number type of the model's products; auto: bfloat16 where the processor has it.");
    v("engine", self.engine, any_value(), "fused, or the slow reference on libtorch, for checking.");
  }
};

// The methods that need no folder of their own: kAuto (predict/auto_method.h) and the baselines (predict/baselines.h).
std::vector<std::string> method_names();

// `name` is one of method_names(), or what resolve_model (predict/model_store.h) takes.
// `seed`: of the ensemble's orders and of whatever else a method draws.
// Throws Error(kBadInput) for options that the method cannot follow, besides what loading a model throws.
std::unique_ptr<Method> open_method(const std::string& name, const MethodOptions& options = {}, uint64_t seed = 0);

}  // namespace manyshot
