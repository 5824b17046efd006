// Multiple-choice questions from a CSV file, in the columns of MMLU (Hendrycks et al. 2021, "Measuring Massive
// Multitask Language Understanding", arXiv 2009.03300).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

inline constexpr size_t kNumChoices = 4;
inline constexpr std::string_view kChoiceLetters = "ABCD";

struct Question {
  std::string subject, question;
  std::array<std::string, kNumChoices> choices;
  size_t answer = 0;  // index of the right choice
};

// Columns subject, question, A, B, C, D, answer in any order; others are left aside. Throws Error(kNotFound) for a
// missing column with those there are, Error(kBadInput) naming the row for an answer that is no letter from A to D and
// for an empty cell, and what TableFile::open throws (no such file, no rows, bytes that are not UTF-8).
std::vector<Question> read_questions(const std::string& path);

}  // namespace manyshot
