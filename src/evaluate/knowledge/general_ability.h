// Knowledge and perplexity of several models side by side: what training on tables must not cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/options.h"
#include "evaluate/endpoint/endpoint_options.h"
#include "evaluate/knowledge/knowledge.h"
#include "evaluate/knowledge/perplexity.h"
#include "predict/predictor.h"

namespace manyshot {

struct GeneralAbilityOptions {
  std::string knowledge;
  int knowledge_shots = 0;
  std::string perplexity;
  int perplexity_window = 2048;
  int perplexity_stride = 1024;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Knowledge and perplexity");
    v("knowledge", self.knowledge, any_value(),
      "CSV file of multiple-choice questions (subject, question, A, B, C, D, answer) that language models answer by "
      "likelihood, in the form of MMLU.");
    v("knowledge_shots", self.knowledge_shots, between(0, 100),
      "Questions of the same subject, with their answers, before each question.");
    v("perplexity", self.perplexity, any_value(), "Text file whose perplexity is measured.");
    v("perplexity_window", self.perplexity_window, at_least(2), "Tokens a model sees at a time.");
    v("perplexity_stride", self.perplexity_stride, at_least(1), "Tokens from one window to the next.");
  }
  bool any() const { return !knowledge.empty() || !perplexity.empty(); }
};

struct GeneralAbility {
  std::string model;
  std::optional<KnowledgeResult> knowledge;
  std::optional<PerplexityResult> perplexity;
  AnswerReport report;  // of an endpoint
  double knowledge_seconds = 0, perplexity_seconds = 0;
};

// Measures what `options` name. `model`: what resolve_model takes, with adapter and dtype of `method` (one that stands
// beside the model is for tables alone), or "openai:NAME". Throws Error(kUnsupported) for a model without a tokenizer,
// and what loading, reading and scoring throw.
GeneralAbility measure_general_ability(const std::string& model, const GeneralAbilityOptions& options,
                                       const MethodOptions& method, const EndpointOptions& endpoint, uint64_t seed);

// The same for several models. With an `out` folder, which is made, general_ability.json there holds all results.
std::vector<GeneralAbility> measure_general_ability(const std::vector<std::string>& models,
                                                    const GeneralAbilityOptions& options, const MethodOptions& method,
                                                    const EndpointOptions& endpoint, uint64_t seed,
                                                    const std::string& out);

// A line for each model: accuracies in percent with standard errors, log loss, nats per token, perplexity, bits per
// byte.
std::string general_ability_table(std::span<const GeneralAbility> results);

Json to_json(const GeneralAbility& result);

}  // namespace manyshot
