#include "predict/show_prompt.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "encoding/compact_format.h"
#include "encoding/text/text_prompt.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/tensor_source.h"
#include "model/language/text_model.h"
#include "model/model.h"
#include "predict/baselines.h"
#include "predict/ensemble.h"
#include "predict/model_store.h"
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

std::string text_prompt(const std::string& path, const PromptOptions& options, const TrainingTable& train,
                        QueryReader& queries) {
  const Tokenizer tokenizer(read_model_tokenizer(path));
  const auto window = static_cast<size_t>(open_tensor_source(path)->config().max_position_embeddings);
  const LabelledTable shots = read_shots(options, train, window / 3);
  const Table rows = queries.first_rows(static_cast<uint64_t>(options.queries));
  MethodOptions method{
      .format = options.format, .chat = options.chat, .compat = options.compat, .labels = options.labels};
  adopt_trained_prompt(read_trained_prompt(path), method);
  const TextTask task(tokenizer, window, shots, method, options.seed, options.member + 1, rows.num_rows);
  log_notes(options.train, task.notes());
  const TaskView& view = task.views().back();
  if (options.layout == "tokens") return dump(Json(task.format().prompt_tokens(rows, view)));
  if (options.layout == "text") return task.format().prompt_text(rows, view) + "\n";
  const std::vector<std::string> labels = true_labels(queries, rows.num_rows, task.format(), view);
  const std::string answer = labels.empty() ? "" : TextPrompt::answer(labels),
                    user = task.format().user_text(rows, view);
  if (options.layout == "alpaca") return dump({{"instruction", kSystemText}, {"input", user}, {"output", answer}});
  Json messages = Json::array({{{"role", "system"}, {"content", kSystemText}}, {{"role", "user"}, {"content", user}}});
  if (!answer.empty()) messages.push_back({{"role", "assistant"}, {"content", answer}});
  return dump({{"messages", messages}});
}

// 620 380 | 1: number codes, the bar and the label id, one row a line.
void append_row(std::span<const TokenId> tokens, const CompactVocabulary& vocabulary, std::string& text) {
  for (const TokenId token : tokens) {
    if (token == vocabulary.bar) {
      text += "| ";
    } else if (token >= vocabulary.first_label && token < vocabulary.bar) {
      text += fmt::format("{} ", token - vocabulary.first_label);
    } else {
      text += fmt::format("{} ", token - vocabulary.first_number);
    }
  }
  text.back() = '\n';
}

std::string compact_prompt(const std::string& path, const PromptOptions& options, const TrainingTable& train,
                           QueryReader& queries) {
  for (const auto& [flag, value, none] : {std::tuple{"--chat", &options.chat, "auto"},
                                          {"--compat", &options.compat, "paper"},
                                          {"--labels", &options.labels, "ids"}}) {
    if (*value != none)
      fail(ErrorKind::kBadInput, "{} {} is for language models; {} is a compact model: leave the option out", flag,
           *value, path);
  }
  if (options.format != "auto" && options.format != "compact")
    fail(ErrorKind::kBadInput, "--format {}: {} reads compact", options.format, path);
  if (options.layout == "alpaca" || options.layout == "messages") {
    fail(ErrorKind::kBadInput, "--layout {} needs a text prompt; {} is a compact model: give --model a language model",
         options.layout, path);
  }
  const ModelInfo info = load_model(path)->info();
  const LabelledTable shots =
      read_shots(options, train, static_cast<uint64_t>(info.max_shots) * static_cast<uint64_t>(options.member + 1));
  const CompactFormat format(shots.features, shots.labels, info.vocabulary);
  log_notes(options.train, format.notes());
  const EnsembleShape shape{.members = options.member + 1,
                            .max_rows = static_cast<size_t>(info.max_shots),
                            .max_features = static_cast<size_t>(info.trained_features),
                            .num_label_ids = static_cast<size_t>(info.max_classes)};
  const std::vector<TaskView> views =
      make_views(shots.labels, shots.num_classes(), format.relevance(), shape, Rng(options.seed).child("ensemble"));
  const Table rows = queries.first_rows(static_cast<uint64_t>(options.queries));
  const Prompt prompt = format.prompt(views.back());
  const QueryTokens tokens = format.queries(rows, std::span(&views.back(), 1)).front();
  if (options.layout == "tokens") {
    Json json{{"context", prompt.context}, {"queries", Json::array()}};
    for (size_t query = 0; query < tokens.size(); ++query)
      json["queries"].push_back(std::vector<TokenId>(tokens[query].begin(), tokens[query].end()));
    return dump(json);
  }
  const size_t row_tokens = prompt.num_features + 2;
  std::string text;
  for (size_t row = 0; row < prompt.num_shots(); ++row) {
    append_row(std::span(prompt.context).subspan(row * row_tokens, row_tokens), info.vocabulary, text);
  }
  text += "\n";
  for (size_t query = 0; query < tokens.size(); ++query) append_row(tokens[query], info.vocabulary, text);
  return text;
}

}  // namespace

std::string show_prompt(const PromptOptions& options) {
  if (is_baseline(options.model)) {
    fail(ErrorKind::kBadInput, "--model {}: a baseline reads tables, not prompts; give a model: {}, or a model folder",
         options.model, list_names(installed_models(), /*limit=*/20));
  }
  const std::string path = resolve_model(options.model);
  const TrainingTable train = open_training_table(options);
  QueryReader queries(options, train);
  const std::string text_path = language_model_path(path);
  return text_path.empty() ? compact_prompt(path, options, train, queries)
                           : text_prompt(text_path, options, train, queries);
}

}  // namespace manyshot
