#include <algorithm>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "mcp/memory_arguments.h"
#include "mcp/memory_tools.h"
#include "mcp/prediction_json.h"
#include "mcp/schemas.h"
#include "mcp/task_arguments.h"

namespace manyshot::mcp {
namespace {

using memory::Basis;
using memory::OutcomePredictor;

constexpr size_t kMostAlternatives = 1000;
constexpr const char* kNothing = "nothing";  // beside the names of Basis

// The fields of each answer: those that were given, with those of each alternative.
std::vector<Json> asked_fields(const Json& arguments) {
  const Json fields = arguments.value("fields", Json::object());
  std::vector<Json> asked;
  for (const Json& alternative : arguments.value("alternatives", Json::array({Json::object()}))) {
    asked.push_back(fields);
    asked.back().update(alternative);
    memory::check_fields(asked.back());
  }
  return asked;
}

Json class_answer(std::span<const double> probabilities, const OutcomePredictor& predictor) {
  Json by_class = Json::object();
  for (size_t k = 0; k < probabilities.size(); ++k) by_class[predictor.classes()[k]] = probabilities[k];
  const auto likeliest = std::ranges::max_element(probabilities) - probabilities.begin();
  Json answer{{"prediction", predictor.classes()[static_cast<size_t>(likeliest)]},
              {"probabilities", std::move(by_class)}};
  if (predictor.unseen_probability() > 0) answer["unseen_probability"] = predictor.unseen_probability();
  return answer;
}

Json answers_json(const OutcomePredictor& predictor, const std::vector<Json>& asked) {
  const OutcomePredictor::Answers answers = predictor.predict(asked);
  const size_t num_classes = predictor.classes().size();
  Json list = Json::array();
  for (size_t i = 0; i < asked.size(); ++i) {
    Json answer{{"fields", asked[i]}};
    if (predictor.kind() == memory::OutcomeKind::kNumber) {
      const auto slices = answers.distributions.at(i);
      answer.update({{"prediction", mean_of(slices)}, {"quantiles", quantiles_json(slices)}});
    } else {
      answer.update(class_answer(std::span(answers.probabilities).subspan(i * num_classes, num_classes), predictor));
    }
    list.push_back(std::move(answer));
  }
  return list;
}

// How far to trust it, as a sentence.
std::string word_of(const OutcomePredictor& predictor) {
  if (predictor.basis() == Basis::kBaseRates) return predictor.word();
  std::string word = fmt::format("a model was shown {}", count_of_experiences(predictor.num_experiences()));
  if (!predictor.estimate()) return word;
  const bool helps = predictor.estimate()->log_loss < predictor.base_rate_log_loss();
  return word + (helps ? "; the fields told more than how often each outcome came"
                       : "; so far the fields told no more than how often each outcome came, so lean on that");
}

Json predict_outcome(const Json& arguments, const TellProgress& tell, MemoryDesk& desk, const Workspace& workspace) {
  const std::string collection = text_of(arguments, "collection");
  if (!arguments.contains("fields") && !arguments.contains("alternatives"))
    fail(ErrorKind::kBadInput, "fields is needed, or alternatives");
  const std::vector<Json> asked = asked_fields(arguments);
  memory::OutcomePredictorOptions options;
  if (arguments.contains("model")) options.model = checked_model(text_of(arguments, "model"), workspace);
  if (arguments.contains("ensemble")) options.ensemble = arguments.at("ensemble").get<int>();
  options.seed = arguments.value("seed", uint64_t{0});
  tell(0, 2, "reading and fitting");
  const auto predictor = desk.predictor(collection, options);
  if (!predictor) {
    return {{"summary", fmt::format("nothing is remembered in \"{}\"{}", excerpt(collection),
                                    other_collections(desk.file(), collection))},
            {"basis", kNothing},
            {"num_experiences", 0},
            {"predictions", Json::array()}};
  }
  tell(1, 2, "predicting");
  Json answer{{"summary", word_of(*predictor)},
              {"basis", name_of(predictor->basis())},
              {"num_experiences", predictor->num_experiences()},
              {"is_number", predictor->kind() == memory::OutcomeKind::kNumber}};
  if (!predictor->classes().empty()) {
    Json counts = Json::object();
    for (size_t k = 0; k < predictor->classes().size(); ++k)
      counts[predictor->classes()[k]] = predictor->class_counts()[k];
    answer["outcome_counts"] = std::move(counts);
  }
  answer["predictions"] = answers_json(*predictor, asked);
  if (const auto& estimate = predictor->estimate()) {
    answer["on_remembered"] = {{"experiences", estimate->rows},
                               {"accuracy", estimate->accuracy},
                               {"log_loss", estimate->log_loss},
                               {"base_rate_log_loss", predictor->base_rate_log_loss()}};
  }
  return answer;
}

}  // namespace

Tool predict_outcome_tool(MemoryDesk& desk, const Workspace& workspace) {
  Json alternatives = schema::list(schema::cells(""),
                                   "Choices to compare, as objects of the fields that differ: each is predicted with "
                                   "fields and its own.");
  alternatives["minItems"] = 1;
  alternatives["maxItems"] = kMostAlternatives;
  Json prediction = schema::object({{"fields", schema::cells("")},
                                    {"prediction", schema::typed(Json::array({"string", "number"}), "")},
                                    {"probabilities", schema::map_of(schema::number())},
                                    {"unseen_probability", schema::number("of an outcome that never came yet")},
                                    {"quantiles", schema::map_of(schema::number())}},
                                   {"fields", "prediction"});
  Json on_remembered = schema::object({{"experiences", schema::count()},
                                       {"accuracy", schema::number()},
                                       {"log_loss", schema::number("nats")},
                                       {"base_rate_log_loss", schema::number("nats")}},
                                      {});
  on_remembered["description"] = "How predictions of remembered outcomes turned out, each made without it.";
  return {
      .name = "predict_outcome",
      .title = "Predict an outcome from experience",
      .description =
          "The probability of every outcome, or, of numbers, mean and quantiles, in a situation or for each of "
          "several choices, from everything that a collection remembers. basis says what it stands on: a model that "
          "was shown the experiences, or, where they are few, how often each outcome came (base_rates), or nothing.",
      .input_schema =
          schema::object({{"collection", collection_schema()},
                          {"fields", fields_schema()},
                          {"alternatives", std::move(alternatives)},
                          {"model", schema::text("Another model than default (of numbers: forest), as in predict.")},
                          {"ensemble", schema::whole("Members of the model's ensemble; 1 is fastest.", 1, 1024)},
                          {"seed", schema::whole("Seed of every random choice.", 0, 9'007'199'254'740'991)}},
                         {"collection"}),
      .output_schema = schema::answer(
          {{"basis", schema::choice(
                         {std::string(name_of(Basis::kModel)), std::string(name_of(Basis::kBaseRates)), kNothing}, "")},
           {"num_experiences", schema::count()},
           {"is_number", schema::flag()},
           {"outcome_counts", schema::map_of(schema::count())},
           {"predictions", schema::list(std::move(prediction))},
           {"on_remembered", std::move(on_remembered)}},
          {"basis", "num_experiences", "predictions"}),
      .call = [&desk, &workspace](const Json& arguments, const TellProgress& tell) {
        return predict_outcome(arguments, tell, desk, workspace);
      }};
}

}  // namespace manyshot::mcp
