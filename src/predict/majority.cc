#include "predict/majority.h"

namespace manyshot {
namespace {

class MajorityPredictor : public Predictor {
 public:
  explicit MajorityPredictor(const LabelledTable& shots) {
    for (const uint32_t count : shots.class_counts()) {
      shares_.push_back(static_cast<double>(count) / static_cast<double>(shots.labels.size()));
    }
  }

  std::vector<double> predict(const Table& queries) const override {
    std::vector<double> probabilities;
    probabilities.reserve(queries.num_rows * shares_.size());
    for (size_t row = 0; row < queries.num_rows; ++row) {
      probabilities.insert(probabilities.end(), shares_.begin(), shares_.end());
    }
    return probabilities;
  }

 private:
  std::vector<double> shares_;  // [K]
};

}  // namespace

std::unique_ptr<Predictor> MajorityMethod::fit(const LabelledTable& shots) const {
  return std::make_unique<MajorityPredictor>(shots);
}

}  // namespace manyshot
