// Questions answered by likelihood: each alternative as a continuation of the question, none of them shown
// (arXiv 2505.00661, section 3).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/names.h"
#include "evaluate/knowledge/prompt_scorer.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

// By what an alternative wins. The names reach files.
enum class Measure {
  kSum,    // ln p(alternative | question)
  kMean,   // that, divided by its tokens
  kPrior,  // that, less ln p(alternative) without the question
};
inline constexpr size_t kNumMeasures = 3;
constexpr auto names_of(Measure) {
  return std::to_array<Named<Measure>>({{Measure::kSum, "sum"}, {Measure::kMean, "mean"}, {Measure::kPrior, "prior"}});
}

struct AlternativeScore {
  double log_prob = 0;  // nats
  double prior = 0;     // nats, without the question
  uint64_t tokens = 0;
  bool was_target = false;  // of training: some text has it behind something else

  double value(Measure measure) const;
};

struct QuestionScores {
  std::vector<AlternativeScore> alternatives;  // as the question has them
  bool has_support = true;                     // what the answer needs was among the texts given

  // The alternative that wins, the first of equal ones.
  size_t chosen(Measure measure) const;
  bool is_right(const LabQuestion& question, Measure measure) const;
};

struct ScoreTimes {
  double first_s = 0;     // until the first answer: what stands before the questions is computed, and the priors
  double question_s = 0;  // of each question after that, on average
};

// `before` stands before every question and is computed once; without it, priors are taken behind a line end.
std::vector<QuestionScores> score_questions(const PromptScorer& scorer, std::span<const LabQuestion> questions,
                                            const std::string& before, ScoreTimes* times = nullptr);

// Marks alternatives that some text of training has behind its beginning, as whole words.
void mark_targets(std::span<const LabQuestion> questions, std::span<const std::string> texts,
                  std::vector<QuestionScores>& scores);

// [{"id", "log_probs", "priors", "tokens", "was_target", "has_support"}, …]
Json to_json(std::span<const LabQuestion> questions, std::span<const QuestionScores> scores);
// Throws Error(kCorruptFile) naming `path` when the scores are of other questions.
std::vector<QuestionScores> read_question_scores(const Json& json, std::span<const LabQuestion> questions,
                                                 const std::string& path);

}  // namespace manyshot::lab
