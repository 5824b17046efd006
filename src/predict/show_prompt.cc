#include "predict/show_prompt.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "encoding/parts/column_parts.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/tensor_source.h"
#include "model/language/text_model.h"
#include "model/model.h"
#include "predict/auto_method.h"
#include "predict/baselines.h"
#include "predict/compact_task.h"
#include "predict/model_store.h"
#include "predict/number_baselines.h"
#include "predict/taught_method.h"
#include "predict/text_task.h"

namespace manyshot {
namespace {

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// The true labels of the first rows as the prompt calls them; empty when any is unknown.
std::vector<std::string> true_labels(QueryReader& queries, size_t count, const TextFormat& format,
                                     const TaskView& view) {
  std::vector<std::string> labels;
  if (!queries.has_truth()) return labels;
  for (const int32_t label : queries.first_labels(count)) {
    if (label < 0) return {};
    labels.push_back(format.label(static_cast<size_t>(label), view));
  }
  return labels;
}

std::string text_prompt(const PromptPlan& plan, const PromptOptions& options, const LabelledTable& shots,
                        const Table& rows, QueryReader& queries) {
  const Tokenizer tokenizer(read_model_tokenizer(plan.model.path));
  const TextTask task(tokenizer, plan, shots, rows.num_rows);
  log_notes(options.task.train, task.notes());
  const TaskView& view = task.views()[static_cast<size_t>(options.member)];
  if (options.layout == PromptOutput::kTokens) return dump(Json(task.format().prompt_tokens(rows, view)));
  if (options.layout == PromptOutput::kText) return task.format().prompt_text(rows, view) + "\n";
  if (plan.options.prompt.format == PromptStyle::kLines) {
    fail(ErrorKind::kBadInput, "--layout {}: --format lines is no message of a chat; take text or tokens",
         name_of(options.layout));
  }
  const std::vector<std::string> labels = true_labels(queries, rows.num_rows, task.format(), view);
  const std::string answer = labels.empty() ? "" : TextPrompt::answer(labels),
                    user = task.format().user_text(rows, view);
  if (options.layout == PromptOutput::kAlpaca)
    return dump({{"instruction", kSystemText}, {"input", user}, {"output", answer}});
  Json messages = Json::array({{{"role", "system"}, {"content", kSystemText}}, {{"role", "user"}, {"content", user}}});
  if (!answer.empty()) messages.push_back({{"role", "assistant"}, {"content", answer}});
  return dump({{"messages", messages}});
}

// A value: 620, or in version 2 620/655 (value and rank), c12 (a category), c? (one without an id), ? (missing),
// 250@3 (another model's share of label 3).
std::string cell_text(TokenId token, const CompactVocabulary& vocabulary) {
  if (!vocabulary.cells) return fmt::format("{}", token - vocabulary.first_number);
  const CellVocabulary& cells = *vocabulary.cells;
  if (token == cells.missing) return "?";
  if (token == cells.unseen) return "c?";
  if (token < cells.first_pair) return fmt::format("c{}", token - cells.first_category);
  if (token >= cells.first_share) {
    const int share = token - cells.first_share;
    return fmt::format("{}@{}", share % kNumCodes, share / kNumCodes);
  }
  const int pair = token - cells.first_pair;
  return fmt::format("{}/{}", pair % kNumCodes, pair / kNumCodes);
}

// 620 380 | 1: values, the bar and the label id, or the code of a number to predict; one row a line.
void append_row(std::span<const TokenId> tokens, size_t num_features, const CompactVocabulary& vocabulary,
                TokenId first_answer, std::string& text) {
  for (size_t place = 0; place < num_features; ++place) text += cell_text(tokens[place], vocabulary) + " ";
  text += "|";
  if (tokens.size() > num_features + 1) text += fmt::format(" {}", tokens[num_features + 1] - first_answer);
  text += '\n';
}

// AnyTask: CompactTask or CompactNumberTask. `first_answer`: the token of label 0, or of code 0.
template <class AnyTask>
std::string compact_prompt(const PromptPlan& plan, const PromptOptions& options, const AnyTask& task,
                           TokenId first_answer, const Table& rows) {
  log_notes(options.task.train, task.notes());
  const TaskView& view = task.views()[static_cast<size_t>(options.member)];
  const Prompt prompt = task.format().prompt(view);
  const QueryTokens tokens = task.format().queries(rows, std::span(&view, 1)).front();
  if (options.layout == PromptOutput::kTokens) {
    Json json{{"context", prompt.context}, {"queries", Json::array()}};
    for (size_t query = 0; query < tokens.size(); ++query)
      json["queries"].push_back(std::vector<TokenId>(tokens[query].begin(), tokens[query].end()));
    return dump(json);
  }
  const size_t row_tokens = prompt.num_features + 2;
  std::string text;
  for (size_t row = 0; row < prompt.num_shots(); ++row) {
    append_row(std::span(prompt.context).subspan(row * row_tokens, row_tokens), prompt.num_features,
               plan.model.vocabulary, first_answer, text);
  }
  text += "\n";
  for (size_t query = 0; query < tokens.size(); ++query) {
    append_row(tokens[query], prompt.num_features, plan.model.vocabulary, first_answer, text);
  }
  return text;
}

ModelInfo read_model_info(const std::string& name) {
  const std::string path = resolve_model(name);
  const auto text_path = language_model_path(path);
  return text_path ? text_model_info(*text_path, open_tensor_source(*text_path)->config(), adapter_of(path, ""))
                   : load_model(path)->info();
}

// The plan of predict, with an ensemble that has the member to show.
PromptPlan make_plan(const PromptOptions& options) {
  PromptPlan plan = plan_prompts(read_model_info(options.model), {.ensemble = options.ensemble, .prompt = options.form},
                                 options.task.seed);
  plan.least_members = options.member + 1;
  return plan;
}

// Throws Error for what has no prompt of that layout.
PromptPlan plan_of(const PromptOptions& options) {
  if (options.model == kAuto) {
    fail(ErrorKind::kBadInput,
         "--model auto shows its members several prompts; give --model {}, with --teacher forest or both to see the "
         "columns of the trees",
         kAutoStudent);
  }
  if (is_baseline(options.model)) {
    fail(ErrorKind::kBadInput, "--model {}: a baseline reads tables, not prompts; give a model: {}, or a model folder",
         options.model, list_names(installed_models(), /*limit=*/20));
  }
  const PromptPlan plan = make_plan(options);
  if (!plan.is_text() && (options.layout == PromptOutput::kAlpaca || options.layout == PromptOutput::kMessages)) {
    fail(ErrorKind::kBadInput, "--layout {} needs a text prompt; {} is a compact model: give --model a language model",
         name_of(options.layout), plan.model.path);
  }
  return plan;
}

// The further columns that predict shows the model (predict/parts_method.h).
void add_parts(const PromptPlan& plan, const PromptOptions& options, const ColumnParts::Target& target, Table& shots,
               Table& rows) {
  if (!plan.reads_parts()) return;
  const ColumnParts parts(shots, target);
  log_notes(options.task.train, parts.notes());
  shots = parts.extend_labelled(shots);
  rows = parts.extend(rows);
}

std::string number_prompt_of(const PromptPlan& plan, const PromptOptions& options, const TrainingTable& train,
                             QueryReader& queries) {
  if (plan.is_text() || !plan.model.predicts_numbers) fail_of_classes(plan.model.path);
  if (options.teacher.teacher != Teacher::kNone) {
    fail(ErrorKind::kBadInput, "--teacher {}: nothing that predicts numbers reads its columns; leave it out",
         name_of(options.teacher.teacher));
  }
  NumberedTable shots = read_numbered_shots(options.task, train, plan.max_labelled_rows(), train.labels);
  Table rows = queries.first_rows(static_cast<uint64_t>(options.queries));
  add_parts(plan, options, ColumnParts::target_of(shots.numbers), shots.features, rows);
  return compact_prompt(plan, options, CompactNumberTask(plan, shots), plan.model.vocabulary.cells->target(0), rows);
}

std::string prompt_of(const PromptPlan& plan, const PromptOptions& options, const TrainingTable& train,
                      QueryReader& queries) {
  if (train.is_number()) return number_prompt_of(plan, options, train, queries);
  const std::vector<TreeKind> kinds = tree_kinds(options.teacher.teacher);
  const uint64_t limit = plan.max_labelled_rows();
  LabelledTable shots = read_shots(options.task, train, kinds.empty() ? std::optional(limit) : std::nullopt);
  Table rows = queries.first_rows(static_cast<uint64_t>(options.queries));
  add_parts(plan, options, ColumnParts::target_of(shots.labels, shots.classes), shots.features, rows);
  if (!kinds.empty()) {
    const TreeTeachers teachers(shots, kinds, options.teacher.teacher_seconds, plan.seed);
    log_notes(options.task.train, teachers.notes());
    shots = teachers.teach(shots, kinds, taught_rows(shots, limit, plan.seed));
    rows = teachers.teach(rows, kinds, teachers.predict(rows));
  }
  if (plan.is_text()) return text_prompt(plan, options, shots, rows, queries);
  return compact_prompt(plan, options, CompactTask(plan, shots), plan.model.vocabulary.first_label, rows);
}

}  // namespace

std::string show_prompt(const PromptOptions& options) {
  if (options.task.test.empty())
    fail(ErrorKind::kBadInput,
         "--test is needed: the table whose rows the prompt asks for; see manyshot prompt --help");
  const PromptPlan plan = plan_of(options);  // refuses before the tables are read
  const TrainingTable train = open_training_table(options.task);
  QueryReader queries(options.task, train);
  return prompt_of(plan, options, train, queries);
}

std::string show_prompt(const PromptOptions& options, const TrainingTable& train, QueryReader& queries) {
  return prompt_of(plan_of(options), options, train, queries);
}

}  // namespace manyshot
