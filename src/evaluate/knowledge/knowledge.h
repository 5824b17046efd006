// General knowledge: multiple-choice questions answered by likelihood, in the form of MMLU (arXiv 2009.03300). The
// check that training on tables costs no general ability (arXiv 2509.06806, Table 4).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "evaluate/knowledge/prompt_scorer.h"
#include "evaluate/knowledge/questions.h"

namespace manyshot {

struct Accuracy {
  uint64_t num_questions = 0, num_correct = 0;

  double value() const;           // share of right answers
  double standard_error() const;  // binomial: sqrt(p (1 - p) / n)
};

struct KnowledgeAnswer {
  size_t chosen = 0;                            // the likeliest choice, the first of several
  std::array<double, kNumChoices> log_probs{};  // ln p(" A" | prompt) …
  std::vector<size_t> shots;                    // its demonstrations, as questions of the file
};

struct KnowledgeResult {
  Accuracy all;  // every question counts the same (micro)
  struct Subject {
    std::string name;
    Accuracy accuracy;
  };
  std::vector<Subject> subjects;  // in the order of the file
  // Every subject counts the same (macro); the error is that of the mean of independent subjects.
  double macro_accuracy = 0, macro_standard_error = 0;
  double log_loss = 0;                   // nats: -ln of the right answer's share among the four, mean over questions
  std::vector<KnowledgeAnswer> answers;  // in the order of the file
  std::vector<std::string> notes;
};

// The text before the answer: subject, `shots` with their answers, and the question, all by their places in
// `questions`.
std::string knowledge_prompt(const std::vector<Question>& questions, size_t question, std::span<const size_t> shots);

// Demonstrations of a question are the first `num_shots` of its subject's questions in an order drawn from `seed`,
// never the question itself, so that questions of a subject share most of their prompt. A subject of too few questions
// gives all others, and a prompt too long for the model leaves out demonstrations from the last on; both are noted.
// Results are the same bits for any number of threads.
KnowledgeResult score_knowledge(const PromptScorer& scorer, const std::vector<Question>& questions, int num_shots,
                                uint64_t seed);

// With every answer's log-probabilities and demonstrations (rows counted from 0), so that two runs can be compared
// question by question.
Json to_json(const KnowledgeResult& result);

}  // namespace manyshot
