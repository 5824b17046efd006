// In-context prediction: the labelled rows are the prompt's context, encoded once per ensemble member; queries are independent branches.
// Nothing is sampled: answers are scored. The members' log-probabilities are averaged and calibrated on the context itself (docs/adr/0005;
// the paper, arXiv 2509.06806, section 2.5, sums probabilities).
#pragma once

#include "model/model.h"
#include "predict/predictor.h"

namespace manyshot {

class InContextMethod : public Method {
 public:
  // Throws Error(kBadInput) for an ensemble outside 1..kMaxMembers.
  InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options);

  // Labelled rows of one member times members.
  std::optional<uint64_t> max_labelled_rows() const override;
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

  static constexpr int kDefaultMembers = 8;
  static constexpr int kDefaultTextMembers = 1;  // language models cost a hundred times more a member
  static constexpr int kMaxMembers = 256;

 private:
  std::shared_ptr<const Model> model_;
  MethodOptions options_;
  int members_;
};

}  // namespace manyshot
