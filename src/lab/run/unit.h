// A unit of the laboratory's work: one data set, one condition, one seed. What it found is one JSON file, which appears
// when the unit is finished (docs/formats/lab-results.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "lab/run/condition.h"
#include "lab/score/question_scores.h"

namespace manyshot::lab {

struct UnitKey {
  std::string data;       // name of the data set
  std::string condition;  // Condition::name()
  uint64_t seed = 0;
};

struct TrainingFacts {
  uint64_t texts = 0, presentations = 0, tokens = 0;  // presentations: texts that training saw, repeats counted
  int64_t steps = 0;
  int batch = 0;
  double seconds = 0, flops = 0, loss = 0;
  std::map<std::string, uint64_t> sources;  // texts by TextSource
  uint64_t facts = 0;                       // that some text states
};

struct ContextFacts {
  uint64_t documents = 0, available = 0, tokens = 0;
  uint64_t facts = 0;
};

struct UnitResult {
  UnitKey key;
  std::optional<TrainingFacts> training;
  std::optional<ContextFacts> context;
  std::string augmentation;  // file of the texts and their audit; empty without
  ScoreTimes times;
  Json curve = Json::array();     // [{"step", "SPLIT": accuracy, …}]
  Json ability = Json::object();  // knowledge_accuracy, perplexity, …; as train_evaluation/measure_ability.h
  std::vector<QuestionScores> scores;
};

Json to_json(const UnitResult& result, std::span<const LabQuestion> questions);
// Throws Error(kCorruptFile) naming the file.
UnitResult read_unit(const std::string& path, std::span<const LabQuestion> questions);

// Inside the folder of the results.
std::string unit_path(const UnitKey& key);

}  // namespace manyshot::lab
