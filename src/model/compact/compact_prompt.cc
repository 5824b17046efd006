#include "model/compact/compact_prompt.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace manyshot {
namespace {

// Checks the values and the bar of one row; `row` names it in messages.
template <class RowName>
void check_row(const ModelConfig& config, std::span<const TokenId> tokens, size_t num_features, const RowName& row) {
  for (size_t column = 0; column < num_features; ++column) {
    if (!config.number_tokens.contains(tokens[column])) {
      fail(ErrorKind::kBadInput, "{}, column {}: token {} is no number code; expected {}..{}", row(), column,
           tokens[column], config.number_tokens.first, config.number_tokens.last);
    }
  }
  if (tokens[num_features] != config.bar_token) {
    fail(ErrorKind::kBadInput, "{}: token {} stands where the bar {} belongs, behind {} values", row(),
         tokens[num_features], config.bar_token, num_features);
  }
}

}  // namespace

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
  for (size_t row = 0; row < prompt.num_shots(); ++row) {
    const auto tokens = std::span(prompt.context).subspan(row * row_tokens, row_tokens);
    check_row(config, tokens, F, [row] { return fmt::format("labelled row {}", row); });
    if (!config.label_tokens.contains(tokens[F + 1])) {
      fail(ErrorKind::kBadInput, "labelled row {}: token {} is no label; expected {}..{}", row, tokens[F + 1],
           config.label_tokens.first, config.label_tokens.last);
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

std::vector<int> answer_labels(const ModelConfig& config, const Prompt& prompt) {
  std::vector<int> labels;
  for (const std::vector<TokenId>& answer : prompt.answers) {
    if (answer.size() != 1 || !config.label_tokens.contains(answer[0])) {
      fail(ErrorKind::kBadInput, "answer {} has {} tokens{}; a compact model answers with one label token, {}..{}",
           labels.size(), answer.size(), answer.empty() ? "" : fmt::format(" ({} first)", answer[0]),
           config.label_tokens.first, config.label_tokens.last);
    }
    labels.push_back(answer[0] - config.label_tokens.first);
  }
  if (labels.empty()) fail(ErrorKind::kBadInput, "the prompt names no answers to score");
  return labels;
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
  info.vocabulary = {
      .first_number = config.number_tokens.first, .first_label = config.label_tokens.first, .bar = config.bar_token};
  return info;
}

}  // namespace manyshot
