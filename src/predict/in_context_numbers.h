// Numbers predicted by a compact model of version 2 (docs/formats/compact.md).
#pragma once

#include <memory>
#include <string>

#include "model/model.h"
#include "predict/number_predictor.h"
#include "predict/prompt_plan.h"

namespace manyshot {

// Whether the model in this folder was trained to predict numbers. Throws what reading its config.json throws.
bool weights_predict_numbers(const std::string& path);

class InContextNumberMethod : public NumberMethod {
 public:
  // Throws Error(kUnsupported) for a model that predicts classes only, saying what predicts numbers, and what
  // plan_prompts throws. `seed`: of the ensemble's orders.
  InContextNumberMethod(std::shared_ptr<const Model> model, const MethodOptions& options, uint64_t seed);

  std::optional<uint64_t> max_labelled_rows() const override { return plan_.max_labelled_rows(); }
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<NumberPredictor> fit_with(const NumberedTable& shots, const FitStore& store) const override;

 private:
  std::shared_ptr<const Model> model_;
  PromptPlan plan_;
};

}  // namespace manyshot
