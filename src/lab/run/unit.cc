#include "lab/run/unit.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"

namespace manyshot::lab {
namespace {

Json training_json(const TrainingFacts& facts) {
  return {{"texts", facts.texts},     {"presentations", facts.presentations},
          {"tokens", facts.tokens},   {"steps", facts.steps},
          {"batch", facts.batch},     {"seconds", facts.seconds},
          {"flops", facts.flops},     {"loss", facts.loss},
          {"sources", facts.sources}, {"facts", facts.facts}};
}

TrainingFacts read_training(const Json& json) {
  TrainingFacts facts{.texts = json.at("texts"),
                      .presentations = json.at("presentations"),
                      .tokens = json.at("tokens"),
                      .steps = json.at("steps"),
                      .batch = json.at("batch"),
                      .seconds = json.at("seconds"),
                      .flops = json.at("flops")};
  if (json.at("loss").is_number()) facts.loss = json.at("loss");
  facts.sources = json.at("sources").get<std::map<std::string, uint64_t>>();
  facts.facts = json.at("facts");
  return facts;
}

}  // namespace

Json to_json(const UnitResult& result, std::span<const LabQuestion> questions) {
  Json json = {{"format", "manyshot lab unit"},
               {"version", 1},
               {"data", result.key.data},
               {"condition", result.key.condition},
               {"seed", result.key.seed},
               {"training", nullptr},
               {"context", nullptr},
               {"augmentation", result.augmentation},
               {"first_s", result.times.first_s},
               {"question_s", result.times.question_s},
               {"curve", result.curve},
               {"ability", result.ability}};
  if (result.training) json["training"] = training_json(*result.training);
  if (result.context) {
    json["context"] = {{"documents", result.context->documents},
                       {"available", result.context->available},
                       {"tokens", result.context->tokens},
                       {"facts", result.context->facts}};
  }
  json["questions"] = to_json(questions, std::span<const QuestionScores>(result.scores));
  return json;
}

UnitResult read_unit(const std::string& path, std::span<const LabQuestion> questions) {
  const std::string text = read_file(path);
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != "manyshot lab unit" || json.at("version") != 1)
      fail(ErrorKind::kCorruptFile, "{}: no result of the laboratory, or of another version", path);
    UnitResult result{.key = {.data = json.at("data"), .condition = json.at("condition"), .seed = json.at("seed")}};
    if (!json.at("training").is_null()) result.training = read_training(json.at("training"));
    if (const Json& context = json.at("context"); !context.is_null()) {
      result.context = ContextFacts{.documents = context.at("documents"),
                                    .available = context.at("available"),
                                    .tokens = context.at("tokens"),
                                    .facts = context.at("facts")};
    }
    result.augmentation = json.at("augmentation");
    result.times = {.first_s = json.at("first_s"), .question_s = json.at("question_s")};
    result.curve = json.at("curve");
    result.ability = json.at("ability");
    result.scores = read_question_scores(json.at("questions"), questions, path);
    return result;
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: damaged ({}); remove it, and the same command makes it again", path,
         error.what());
  }
}

std::string unit_path(const UnitKey& key) {
  std::string condition = key.condition;
  std::ranges::replace(condition, ':', '_');
  return fmt::format("units/{}/{}/seed-{}", key.data, condition, key.seed);
}

}  // namespace manyshot::lab
