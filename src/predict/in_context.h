// In-context prediction: the labelled rows are the prompt's context, encoded once per ensemble member; queries are
// independent branches. Nothing is sampled: answers are scored. For compact models the members' log-probabilities are
// averaged and calibrated on the context itself (docs/adr/0005); for language models their probabilities are summed, as
// in the paper (arXiv 2509.06806, section 2.5).
#pragma once

#include "model/model.h"
#include "predict/predictor.h"
#include "predict/prompt_plan.h"

namespace manyshot {

// The model of a folder or file that resolve_model (predict/model_store.h) gives, as the options ask for it.
std::unique_ptr<Model> load_model_for(const std::string& path, const MethodOptions& options);

class InContextMethod : public Method {
 public:
  // Throws what plan_prompts throws.
  InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options, uint64_t seed);

  std::optional<uint64_t> max_labelled_rows() const override;
  bool reads_parts() const override { return plan_.reads_parts(); }
  std::optional<LongQuery> find_long_query(const LabelledTable& shots,
                                           const std::function<Table()>& queries) const override;
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<Predictor> restore(size_t num_columns, ByteReader& state) const override;
  // The contexts of compact models are kept; language models read their rows again.
  std::unique_ptr<Predictor> fit_with(const LabelledTable& shots, const FitStore& store) const override;

 private:
  std::shared_ptr<const Model> model_;
  PromptPlan plan_;
};

}  // namespace manyshot
