#include <fmt/format.h>

#include "core/text.h"
#include "evaluate/report/sections.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

struct Count {
  const char* title;
  uint64_t AnswerReport::*member;
};

// The layers that an answer passes until one of them gives a class.
constexpr Count kLayers[] = {{"by id", &AnswerReport::by_id},
                             {"by position", &AnswerReport::by_position},
                             {"by probability", &AnswerReport::by_probability},
                             {"the labelled rows' majority", &AnswerReport::by_majority}};
constexpr Count kProblems[] = {{"invalid JSON", &AnswerReport::invalid_json},
                               {"wrong count", &AnswerReport::wrong_count},
                               {"repeated ids", &AnswerReport::duplicate_ids},
                               {"cut", &AnswerReport::cut},
                               {"unknown labels", &AnswerReport::unknown_labels}};
constexpr const char* kPatterns[] = {"", "/", "x", "."};

std::vector<size_t> writing_models(const SummaryIndex& index, uint64_t shots) {
  std::vector<size_t> models;
  for (size_t model = 0; model < index.num_models(); ++model) {
    const AverageSummary* average = index.average(model, shots);
    if (average != nullptr && average->answers.written_answers() > 0) models.push_back(model);
  }
  return models;
}

ChartView layers_view(const SummaryIndex& index, uint64_t shots) {
  const std::vector<size_t> models = writing_models(index, shots);
  std::vector<std::string> names;
  for (const size_t model : models) names.push_back(index.model_name(model));
  Json traces = Json::array();
  for (size_t layer = 0; layer < std::size(kLayers); ++layer) {
    Json shares = Json::array();
    for (const size_t model : models) {
      const AnswerReport& answers = index.average(model, shots)->answers;
      shares.push_back(figure_number(static_cast<double>(answers.*kLayers[layer].member) /
                                     static_cast<double>(answers.written_answers())));
    }
    Json marker = marker_of(layer, 0);
    marker.erase("symbol");
    marker.erase("size");
    marker["pattern"] = {{"shape", kPatterns[layer]}};
    traces.push_back({{"type", "bar"},
                      {"orientation", "h"},
                      {"name", kLayers[layer].title},
                      {"y", category_labels(names, 28)},
                      {"x", shares},
                      {"hovertemplate", "%{x:.2%}"},
                      {"marker", marker}});
  }
  ChartView view;
  Json x_axis = axis("share of the answers");
  x_axis["range"] = {0, 1};
  view.panels.push_back({"", figure(traces, {{"barmode", "stack"},
                                             {"legend", {{"traceorder", "normal"}}},
                                             {"xaxis", x_axis},
                                             {"yaxis", category_axis()},
                                             {"height", 170 + 40 * models.size()}})});
  view.numbers = {.title = fmt::format("At {} shots", shots), .columns = {"model", "answers"}};
  for (const Count& layer : kLayers) view.numbers.columns.push_back(layer.title);
  view.numbers.columns.push_back("responses");
  for (const Count& problem : kProblems) view.numbers.columns.push_back(problem.title);
  for (const size_t model : models) {
    const AnswerReport& answers = index.average(model, shots)->answers;
    std::vector<TextCell> row{{index.model_name(model)}, {with_thousands(answers.written_answers())}};
    for (const Count& layer : kLayers) row.push_back({with_thousands(answers.*layer.member)});
    row.push_back({with_thousands(answers.responses)});
    for (const Count& problem : kProblems) row.push_back({with_thousands(answers.*problem.member)});
    view.numbers.rows.push_back(std::move(row));
  }
  return view;
}

// Requests to endpoints, summed over the shots.
TextTable requests(const SummaryIndex& index) {
  TextTable table{
      .title = "Requests to endpoints",
      .columns = {"model", "requests", "sent again", "from the cache", "tokens read", "tokens written", "cost"}};
  for (size_t model = 0; model < index.num_models(); ++model) {
    AnswerReport sum;
    for (const uint64_t shots : index.shots()) {
      if (const AverageSummary* average = index.average(model, shots)) sum += average->answers;
    }
    if (sum.requests + sum.cached == 0) continue;
    table.rows.push_back({{index.model_name(model)},
                          {with_thousands(sum.requests)},
                          {with_thousands(sum.retries)},
                          {with_thousands(sum.cached)},
                          {with_thousands(sum.prompt_tokens)},
                          {with_thousands(sum.answer_tokens)},
                          {fmt::format("{:.4g}", sum.cost)}});
  }
  return table;
}

}  // namespace

Section answers_section(const SummaryIndex& index) {
  Section section{.title = "Written answers"};
  Chart chart{.title = "How answers were read",
              .description =
                  "Models that write their answers: the share of queries answered by an element with the query's id, "
                  "by the element at its position, by the probabilities alone, and, where nothing could be read, by "
                  "the most frequent class of the labelled rows.",
              .choices = {{.label = "shots"}}};
  for (const uint64_t shots : index.shots()) {
    if (writing_models(index, shots).empty()) continue;
    chart.choices[0].options.push_back(std::to_string(shots));
    chart.views.push_back(layers_view(index, shots));
  }
  if (!chart.views.empty()) {
    chart.choices[0].chosen = chart.views.size() - 1;
    section.blocks.emplace_back(std::move(chart));
  }
  if (TextTable table = requests(index); !table.rows.empty()) section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace manyshot::report
