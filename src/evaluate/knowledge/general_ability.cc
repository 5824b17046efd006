#include "evaluate/knowledge/general_ability.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/files.h"
#include "core/stopwatch.h"
#include "predict/model_store.h"

namespace manyshot {

GeneralAbility measure_general_ability(const std::string& model, const GeneralAbilityOptions& options,
                                       const MethodOptions& method, const EndpointOptions& endpoint, uint64_t seed) {
  GeneralAbility result{.model = model};
  const std::vector<Question> questions =
      options.knowledge.empty() ? std::vector<Question>{} : read_questions(options.knowledge);
  const WindowOptions window{.window = options.perplexity_window, .stride = options.perplexity_stride};
  const auto measure = [&](const PromptScorer& scorer, const auto& perplexity) {
    if (!options.knowledge.empty()) {
      const Stopwatch watch;
      result.knowledge = score_knowledge(scorer, questions, options.knowledge_shots, seed);
      result.knowledge_seconds = watch.seconds();
    }
    if (!options.perplexity.empty()) {
      const Stopwatch watch;
      result.perplexity = perplexity();
      result.perplexity_seconds = watch.seconds();
    }
  };
  if (is_endpoint_model(model)) {
    EndpointClient client(model, endpoint, seed);
    measure(endpoint_scorer(client, result.report),
            [&] { return measure_perplexity(client, options.perplexity, window, result.report); });
  } else {
    const auto local = load_model(resolve_model(model), {.dtype = method.dtype,
                                                         .engine = method.engine,
                                                         .adapter = method.adapter == kNoAdapter ? "" : method.adapter,
                                                         .device = method.device});
    measure(local_scorer(*local), [&] { return measure_perplexity(*local, options.perplexity, window); });
  }
  return result;
}

std::vector<GeneralAbility> measure_general_ability(const std::vector<std::string>& models,
                                                    const GeneralAbilityOptions& options, const MethodOptions& method,
                                                    const EndpointOptions& endpoint, uint64_t seed,
                                                    const std::string& out) {
  std::vector<GeneralAbility> results;
  Json json = Json::array();
  for (const std::string& model : models) {
    results.push_back(measure_general_ability(model, options, method, endpoint, seed));
    json.push_back(to_json(results.back()));
  }
  if (!out.empty()) {
    std::error_code error;
    std::filesystem::create_directories(out, error);  // write_file says why not
    const Json file = {{"options", values_of(options)}, {"seed", seed}, {"models", json}};
    write_file((std::filesystem::path(out) / "general_ability.json").string(), file.dump(1) + "\n");
  }
  return results;
}

std::string general_ability_table(std::span<const GeneralAbility> results) {
  size_t width = 5;
  for (const GeneralAbility& result : results) width = std::max(width, result.model.size());
  std::string text;
  if (std::any_of(results.begin(), results.end(), [](const auto& result) { return result.knowledge.has_value(); })) {
    text += fmt::format("{:<{}}  questions  accuracy, %    mean of subjects, %  log loss\n", "model", width);
    for (const GeneralAbility& result : results) {
      if (!result.knowledge) continue;
      const KnowledgeResult& knowledge = *result.knowledge;
      text += fmt::format("{:<{}}  {:>9}  {:>5.1f} ± {:<4.1f}    {:>5.1f} ± {:<4.1f}         {:>8.4f}\n", result.model,
                          width, knowledge.all.num_questions, 100 * knowledge.all.value(),
                          100 * knowledge.all.standard_error(), 100 * knowledge.macro_accuracy,
                          100 * knowledge.macro_standard_error, knowledge.log_loss);
    }
  }
  if (std::any_of(results.begin(), results.end(), [](const auto& result) { return result.perplexity.has_value(); })) {
    text += fmt::format("{:<{}}     tokens  nats/token  perplexity  bits/byte\n", "model", width);
    for (const GeneralAbility& result : results) {
      if (!result.perplexity) continue;
      text += fmt::format("{:<{}}  {:>9}  {:>10.4f}  {:>10.3f}  {:>9.4f}\n", result.model, width,
                          result.perplexity->num_tokens, result.perplexity->nats_per_token(),
                          result.perplexity->perplexity(), result.perplexity->bits_per_byte());
    }
  }
  return text;
}

Json to_json(const GeneralAbility& result) {
  Json json{{"model", result.model}};
  if (result.knowledge) {
    json["knowledge"] = to_json(*result.knowledge);
    json["knowledge"]["seconds"] = result.knowledge_seconds;
  }
  if (result.perplexity) {
    json["perplexity"] = to_json(*result.perplexity);
    json["perplexity"]["seconds"] = result.perplexity_seconds;
  }
  if (result.report.requests + result.report.cached > 0) {
    json["endpoint"] = {{"requests", result.report.requests},
                        {"retries", result.report.retries},
                        {"cached", result.report.cached},
                        {"prompt_tokens", result.report.prompt_tokens},
                        {"answer_tokens", result.report.answer_tokens},
                        {"cost", result.report.cost}};
  }
  return json;
}

}  // namespace manyshot
