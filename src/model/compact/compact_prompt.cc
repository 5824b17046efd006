#include "model/compact/compact_prompt.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace manyshot {
namespace {

std::string range_text(const TokenRange& tokens) { return fmt::format("{}..{}", tokens.first, tokens.last); }

// Checks the values and the bar of one row; `row` names it in messages.
template <class RowName>
void check_row(const ModelConfig& config, std::span<const TokenId> tokens, size_t num_features, const RowName& row) {
  for (size_t column = 0; column < num_features; ++column) {
    if (!is_cell(config, tokens[column])) {
      fail(ErrorKind::kBadInput, "{}, column {}: token {} is no {}; expected {}", row(), column, tokens[column],
           config.typed ? "cell" : "number code", cell_ranges(config));
    }
  }
  if (tokens[num_features] != config.bar_token) {
    fail(ErrorKind::kBadInput, "{}: token {} stands where the bar {} belongs, behind {} values", row(),
         tokens[num_features], config.bar_token, num_features);
  }
}

}  // namespace

bool is_cell(const ModelConfig& config, TokenId token) {
  const auto& typed = config.typed;
  if (!typed) return config.number_tokens.contains(token);
  return config.pair_cells().contains(token) || typed->category_tokens.contains(token) ||
         token == typed->missing_token || token == typed->unseen_token || config.share_cells().contains(token);
}

std::string cell_ranges(const ModelConfig& config) {
  if (!config.typed) return range_text(config.number_tokens);
  return fmt::format("{}, {}, {}, {} or {}", config.typed->missing_token, config.typed->unseen_token,
                     range_text(config.typed->category_tokens), range_text(config.pair_cells()),
                     range_text(config.share_cells()));
}

void check_context(const ModelConfig& config, const Prompt& prompt) {
  const size_t F = prompt.num_features, most = config.column_tokens.size();
  if (prompt.layout != PromptLayout::kRows) {
    fail(ErrorKind::kBadInput, "a compact model reads prompts in rows, this one is flat text: use --format compact");
  }
  if (F < 1 || F > most) {
    fail(ErrorKind::kBadInput,
         "the prompt has {} feature columns, the model reads 1 to {}: choose a subset of the columns", F, most);
  }
  const size_t row_tokens = context_row_tokens(F);
  if (prompt.context.empty() || prompt.context.size() % row_tokens != 0) {
    fail(ErrorKind::kBadInput,
         "the context has {} tokens; expected one or more labelled rows of {} tokens ({} values, bar, label)",
         prompt.context.size(), row_tokens, F);
  }
  const TokenRange labels = answer_range(config, prompt);
  for (size_t row = 0; row < prompt.num_shots(); ++row) {
    const auto tokens = std::span(prompt.context).subspan(row * row_tokens, row_tokens);
    check_row(config, tokens, F, [row] { return fmt::format("labelled row {}", row); });
    if (!labels.contains(tokens[F + 1])) {
      fail(ErrorKind::kBadInput, "labelled row {}: token {} is no label; expected {}", row, tokens[F + 1],
           range_text(labels));
    }
  }
}

void check_queries(const ModelConfig& config, size_t num_features, const QueryTokens& queries) {
  for (size_t query = 0; query < queries.size(); ++query) {
    const auto tokens = queries[query];
    if (tokens.size() != query_row_tokens(num_features)) {
      fail(ErrorKind::kBadInput, "query {} has {} tokens; expected {} values and the bar, as the labelled rows have",
           query, tokens.size(), num_features);
    }
    check_row(config, tokens, num_features, [query] { return fmt::format("query {}", query); });
  }
}

TokenRange answer_range(const ModelConfig& config, const Prompt& prompt) {
  const bool is_number = config.typed && !prompt.answers.empty() && !prompt.answers[0].empty() &&
                         config.typed->target_tokens.contains(prompt.answers[0][0]);
  return is_number ? config.typed->target_tokens : config.label_tokens;
}

PromptAnswers prompt_answers(const ModelConfig& config, const Prompt& prompt) {
  const TokenRange range = answer_range(config, prompt);
  PromptAnswers answers{.are_numbers = range.first != config.label_tokens.first};
  for (const std::vector<TokenId>& answer : prompt.answers) {
    if (answer.size() != 1 || !range.contains(answer[0])) {
      fail(ErrorKind::kBadInput, "answer {} has {} tokens{}; a compact model answers with one label token, {}",
           answers.places.size(), answer.size(), answer.empty() ? "" : fmt::format(" ({} first)", answer[0]),
           range_text(range));
    }
    answers.places.push_back(answer[0] - range.first);
  }
  if (answers.places.empty()) fail(ErrorKind::kBadInput, "the prompt names no answers to score");
  return answers;
}

void answer_log_likelihoods(std::span<const float> logits, std::span<const int> labels, std::span<float> out) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits) sum += std::exp(logit - highest);
  const double log_sum = highest + std::log(sum);
  for (size_t k = 0; k < labels.size(); ++k)
    out[k] = static_cast<float>(logits[static_cast<size_t>(labels[k])] - log_sum);
}

RotationTable row_rotations(const ModelConfig& config) {
  const auto most_columns = static_cast<size_t>(config.column_tokens.size());
  return {config.rope_theta, static_cast<size_t>(config.head_dim), context_row_tokens(most_columns)};
}

ModelInfo compact_model_info(const ModelConfig& config) {
  ModelInfo info;
  info.architecture = "compact decoder (Llama blocks)";
  info.layout = PromptLayout::kRows;
  info.num_layers = config.num_hidden_layers;
  info.hidden_size = config.hidden_size;
  info.vocab_size = config.vocab_size;
  info.max_classes = config.label_tokens.size();
  info.max_features = config.column_tokens.size();
  info.trained_features = config.trained_features;
  info.trained_shots = config.trained_shots;
  info.max_shots = config.max_shots;
  info.predicts_numbers = config.predicts_numbers;
  info.vocabulary = compact_vocabulary(config);
  return info;
}

CompactVocabulary compact_vocabulary(const ModelConfig& config) {
  CompactVocabulary vocabulary{
      .first_number = config.number_tokens.first, .first_label = config.label_tokens.first, .bar = config.bar_token};
  if (const auto& typed = config.typed) {
    vocabulary.cells = {.missing = typed->missing_token,
                        .unseen = typed->unseen_token,
                        .first_category = typed->category_tokens.first,
                        .num_categories = typed->category_tokens.size(),
                        .first_target = typed->target_tokens.first,
                        .first_pair = config.pair_cells().first,
                        .first_share = config.share_cells().first};
  }
  return vocabulary;
}

}  // namespace manyshot
