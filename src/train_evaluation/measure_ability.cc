#include "train_evaluation/measure_ability.h"

#include "core/stopwatch.h"
#include "evaluate/knowledge/knowledge.h"
#include "evaluate/knowledge/perplexity.h"
#include "evaluate/knowledge/text_pieces.h"
#include "evaluate/protocol/evaluation_table.h"

namespace manyshot::train {
namespace {

// So many of the file's questions, evenly spread, since files are sorted by subject; 0: all.
std::vector<Question> chosen_questions(const EvaluateRecipe& evaluate) {
  std::vector<Question> questions = read_questions(evaluate.knowledge);
  const auto limit = static_cast<size_t>(evaluate.knowledge_questions);
  if (limit == 0 || limit >= questions.size()) return questions;
  std::vector<Question> chosen;
  for (size_t i = 0; i < limit; ++i) chosen.push_back(questions[i * questions.size() / limit]);
  return chosen;
}

void add_knowledge(const Model& model, const EvaluateRecipe& evaluate, uint64_t seed, Json& numbers) {
  const KnowledgeResult result =
      score_knowledge(local_scorer(model), chosen_questions(evaluate), /*num_shots=*/0, seed);
  numbers["knowledge_questions"] = result.all.num_questions;
  numbers["knowledge_accuracy"] = result.all.value();
  numbers["knowledge_standard_error"] = result.all.standard_error();
  numbers["knowledge_macro_accuracy"] = result.macro_accuracy;
  numbers["knowledge_log_loss"] = result.log_loss;
}

void add_perplexity(const Model& model, const EvaluateRecipe& evaluate, Json& numbers) {
  const PerplexityResult result = measure_perplexity(model, evaluate.perplexity);
  numbers["perplexity_tokens"] = result.num_tokens;
  numbers["perplexity"] = result.perplexity();
  numbers["nats_per_token"] = result.nats_per_token();
  numbers["bits_per_byte"] = result.bits_per_byte();
}

}  // namespace

void check_evaluation_files(const Recipe& recipe) {
  const EvaluateRecipe& evaluate = recipe.evaluate;
  if (!evaluate.knowledge.empty()) read_questions(evaluate.knowledge);
  if (!evaluate.perplexity.empty()) TextPieces{evaluate.perplexity};
  if (!evaluate.tables.empty()) find_tables(evaluate.tables);
}

std::function<Json(const std::string& folder)> make_ability_measurement(const Recipe& recipe, bool is_adapter,
                                                                        const Device& device) {
  if (recipe.evaluate.knowledge.empty() && recipe.evaluate.perplexity.empty()) return {};
  return [recipe, is_adapter, device](const std::string& folder) {
    const Stopwatch watch;
    const auto model = load_model(is_adapter ? recipe.model.base : folder,
                                  {.dtype = recipe.model.dtype, .adapter = is_adapter ? folder : "", .device = device});
    Json numbers = Json::object();
    if (!recipe.evaluate.knowledge.empty()) add_knowledge(*model, recipe.evaluate, recipe.seed, numbers);
    if (!recipe.evaluate.perplexity.empty()) add_perplexity(*model, recipe.evaluate, numbers);
    numbers["ability_seconds"] = watch.seconds();
    return numbers;
  };
}

}  // namespace manyshot::train
