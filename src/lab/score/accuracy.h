// How often the right answer wins, by split, with intervals that know that questions about one thing hang together.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/summary/summary.h"
#include "lab/data/lab_data.h"
#include "lab/score/question_scores.h"

namespace manyshot::lab {

struct SplitAccuracy {
  std::string split;
  uint64_t questions = 0;
  double chance = 0;                            // of a guess among the alternatives
  std::array<double, kNumMeasures> accuracy{};  // mean over seeds and questions
  std::array<Interval, kNumMeasures> interval{};
  double support = 1;       // share of questions whose support was given
  double gold_targets = 0;  // share of questions of which a right answer was a target of training
  double target_wins = 0;   // share of answers (by kSum) that were targets of training
  double target_share = 0;  // share of targets among the alternatives: what target_wins is for a guess
};

// In the order in which splits first come. `seeds` holds the scores of one condition's seeds [seeds][questions].
// Intervals are 95 % percentiles of 2,000 bootstrap resamples of the questions' clusters (the first of their entities)
// and of the seeds; NaN where there are fewer than two clusters. `is_wanted`: of which questions; empty: all.
std::vector<SplitAccuracy> split_accuracies(std::span<const LabQuestion> questions,
                                            std::span<const std::vector<QuestionScores>> seeds,
                                            const std::function<bool(size_t question)>& is_wanted = {});

// The same resampling for the difference of two conditions with the same questions, by kSum: first less second.
struct Difference {
  double value = 0;
  Interval interval;
};
Difference accuracy_difference(std::span<const LabQuestion> questions,
                               std::span<const std::vector<QuestionScores>> first,
                               std::span<const std::vector<QuestionScores>> second, const std::string& split);

}  // namespace manyshot::lab
