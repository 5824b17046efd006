#include "evaluate/example_prompt.h"

#include <algorithm>
#include <numeric>

#include "encoding/text/text_prompt.h"

namespace manyshot {
namespace {

constexpr size_t kQueries = 3;

std::span<const uint32_t> example_queries(const TaskPlan& plan) {
  const std::vector<uint32_t>& queries = plan.contexts.front().queries;
  return std::span(queries).first(std::min(kQueries, queries.size()));
}

std::vector<uint32_t> first_numbers(size_t count) {
  std::vector<uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

std::string answer_text(const std::vector<size_t>& classes) {
  std::vector<std::string> labels;
  for (const size_t k : classes) labels.push_back(std::to_string(k));
  return TextPrompt::answer(labels);
}

}  // namespace

ExamplePrompt example_prompt(const EvaluationTable& table, const TaskPlan& plan) {
  const std::vector<uint32_t>& rows = plan.contexts.front().shots;
  const std::span<const uint32_t> queries = example_queries(plan);
  const Table shots = take(table.features, rows, plan.columns);
  std::vector<int32_t> labels;
  for (const uint32_t row : rows) labels.push_back(table.labels[row]);
  const TaskView view{.rows = first_numbers(rows.size()),
                      .features = first_numbers(plan.columns.size()),
                      .labels = first_numbers(table.classes.size())};
  ExamplePrompt example{
      .shots = rows.size(),
      .prompt = TextPrompt(shots, labels, {}).user_text(take(table.features, queries, plan.columns), view)};
  std::vector<size_t> truth;
  for (const uint32_t row : queries) {
    example.rows.push_back(table.file_rows[row]);
    truth.push_back(static_cast<size_t>(table.labels[row]));
  }
  example.truth = answer_text(truth);
  return example;
}

ExampleAnswer example_answer(const EvaluationTable& table, const TaskPlan& plan,
                             const std::vector<double>& probabilities) {
  const size_t num_classes = table.classes.size();
  const std::span<const uint32_t> rows = example_queries(plan);
  ExampleAnswer answer;
  for (size_t query = 0; query < rows.size(); ++query)
    answer.truth_probabilities.push_back(
        probabilities[query * num_classes + static_cast<size_t>(table.labels[rows[query]])]);
  answer.text = answer_text(predicted_classes(std::span(probabilities).first(rows.size() * num_classes), num_classes));
  return answer;
}

}  // namespace manyshot
