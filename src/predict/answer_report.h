// How a model's answers came about, counted since its Predictor was fitted.
#pragma once

#include <cstdint>

namespace manyshot {

// All zero where nothing is written: baselines, and models whose answers are scored (but for their tokens).
struct AnswerReport {
  // Queries, by the layer that answered them (arXiv 2509.06806, published evaluator, layer 3).
  uint64_t by_id = 0, by_position = 0, by_probability = 0, by_majority = 0;
  // Responses, and those that were no valid JSON, had more or fewer elements than queries, repeated an id, or were cut
  // at the largest length asked for.
  uint64_t responses = 0, invalid_json = 0, wrong_count = 0, duplicate_ids = 0, cut = 0;
  uint64_t unknown_labels = 0;                    // elements whose label is no class
  uint64_t prompt_tokens = 0, answer_tokens = 0;  // of all responses, cached ones too
  // To an endpoint: what was sent, how much of it again after a failure, and responses that a cache had.
  uint64_t requests = 0, retries = 0, cached = 0;
  double cost = 0;  // of the responses that were sent for, in the unit of the given prices

  uint64_t written_answers() const { return by_id + by_position + by_probability + by_majority; }
  AnswerReport& operator+=(const AnswerReport& other) {
    by_id += other.by_id, by_position += other.by_position, by_probability += other.by_probability;
    by_majority += other.by_majority, responses += other.responses, invalid_json += other.invalid_json;
    wrong_count += other.wrong_count, duplicate_ids += other.duplicate_ids, cut += other.cut,
        unknown_labels += other.unknown_labels;
    prompt_tokens += other.prompt_tokens, answer_tokens += other.answer_tokens;
    requests += other.requests, retries += other.retries, cached += other.cached, cost += other.cost;
    return *this;
  }
};

}  // namespace manyshot
