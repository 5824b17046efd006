// What a model wrote for the queries of one prompt, turned into votes: by the label it wrote, else by what it thought
// of the labels where it should have written one, else by the labelled rows' classes: the majority is predicted, with
// its share of the rows as the probability.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "encoding/text/answer_parser.h"
#include "predict/answer_report.h"

namespace manyshot {

struct WrittenAnswers {
  std::string response;
  ParsedAnswers parsed;
  // [N][K] log-likelihood of each class's label where the response writes the query's label
  // (ParsedAnswers::label_places); empty where it has none, or where log-likelihoods are not known.
  std::vector<std::vector<float>> label_scores;
};

// Adds one vote a query to probabilities [N, K], and counts it and the response in `report`. The shares of a vote sum
// to 1 and what was written has the largest; a class without labelled rows gets none, and its label counts as unknown.
void add_votes(const WrittenAnswers& written, const std::vector<uint32_t>& class_counts,
               std::span<double> probabilities, AnswerReport& report);

// "50 written answers: 48 by id, …", for the user.
std::string describe_written_answers(const AnswerReport& report);

}  // namespace manyshot
