// In-context prediction: the labelled rows are the prompt's context, encoded once per ensemble member; queries are
// independent branches. Nothing is sampled: answers are scored. For compact models the members' log-probabilities are
// averaged and calibrated on the context itself (docs/adr/0005); for language models their probabilities are summed, as
// in the paper (arXiv 2509.06806, section 2.5).
#pragma once

#include "model/model.h"
#include "predict/predictor.h"

namespace manyshot {

class InContextMethod : public Method {
 public:
  // Throws Error(kBadInput) for an ensemble outside 1..kMaxMembers and for options that the model cannot follow.
  InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options, uint64_t seed);

  // Labelled rows of one member times members.
  std::optional<uint64_t> max_labelled_rows() const override;
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

  static constexpr int kDefaultMembers = 8;
  static constexpr int kDefaultTextMembers = 1;  // language models cost a hundred times more a member
  static constexpr int kMaxMembers = 256;

 private:
  std::shared_ptr<const Model> model_;
  MethodOptions options_;
  uint64_t seed_;
  int members_;
};

}  // namespace manyshot
