#include "predict/in_context_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/files.h"
#include "core/interrupt.h"
#include "model/compact/config.h"
#include "model/language/text_model.h"
#include "predict/compact_task.h"
#include "predict/encode_views.h"
#include "predict/number_baselines.h"

namespace manyshot {
namespace {

class InContextNumbers : public NumberPredictor {
 public:
  InContextNumbers(std::shared_ptr<const Model> model, const PromptPlan& plan, const NumberedTable& shots,
                   const FitStore& store)
      : model_(std::move(model)), task_(plan, shots), num_rows_(shots.numbers.size()) {
    const NumberCode& code = task_.format().target_code();
    for (int i = 0; i < kNumCodes; ++i) values_.push_back(code.value(i));
    contexts_ = encode_views(*model_, task_.format(), task_.views(), store);
  }

  Distributions predict(const Table& queries) const override {
    std::vector<double> sums(queries.num_rows * kNumCodes);
    std::vector<float> scores(sums.size());
    const std::vector<QueryTokens> tokens = task_.format().queries(queries, task_.views());
    for (size_t member = 0; member < task_.views().size(); ++member) {
      check_interrupted();
      contexts_[member]->score(tokens[member], scores);
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += std::exp(static_cast<double>(scores[i]));
    }
    Distributions result{.values = std::vector<double>(queries.num_rows * kNumSlices)};
    for (size_t query = 0; query < queries.num_rows; ++query) {
      put_slices(weighted(std::span(sums).subspan(query * kNumCodes, kNumCodes)), result.at(query));
    }
    return result;
  }

  // A query has 1,000 answers.
  size_t batch_rows() const override { return 2'048; }

  // Of each member's rows but the first third, as for classes (predict/in_context.cc).
  std::vector<double> honest_means() const override {
    std::vector<double> sums(num_rows_), counts(num_rows_);
    for (size_t member = 0; member < task_.views().size(); ++member) {
      const std::vector<float> scores = contexts_[member]->prequential();
      if (scores.empty()) return {};
      const std::vector<uint32_t>& rows = task_.views()[member].rows;
      for (size_t place = rows.size() / 3; place < rows.size(); ++place) {
        double mean = 0, total = 0;
        for (size_t code = 0; code < values_.size(); ++code) {
          const double weight = std::exp(static_cast<double>(scores[place * kNumCodes + code]));
          mean += weight * values_[code];
          total += weight;
        }
        sums[rows[place]] += mean / total;
        ++counts[rows[place]];
      }
    }
    for (size_t row = 0; row < num_rows_; ++row) {
      sums[row] = counts[row] > 0 ? sums[row] / counts[row] : std::numeric_limits<double>::quiet_NaN();
    }
    return sums;
  }

  std::vector<std::string> notes() const override { return task_.notes(); }

 private:
  std::vector<WeightedValue> weighted(std::span<const double> weights) const {
    std::vector<WeightedValue> result;
    for (size_t code = 0; code < weights.size(); ++code) {
      if (weights[code] > 0) result.push_back({values_[code], weights[code]});
    }
    return result;
  }

  std::shared_ptr<const Model> model_;
  CompactNumberTask task_;
  size_t num_rows_;
  std::vector<double> values_;  // [kNumCodes] the number in the middle of each code
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
};

}  // namespace

bool weights_predict_numbers(const std::string& path) {
  if (language_model_path(path)) return false;
  const std::string config = path + "/config.json";
  return parse_model_config(read_file(config), config).predicts_numbers;
}

InContextNumberMethod::InContextNumberMethod(std::shared_ptr<const Model> model, const MethodOptions& options,
                                             uint64_t seed)
    : model_(std::move(model)), plan_(plan_prompts(model_->info(), options, seed)) {
  if (plan_.is_text() || !plan_.model.predicts_numbers) fail_of_classes(plan_.model.path);
}

std::unique_ptr<NumberPredictor> InContextNumberMethod::fit_with(const NumberedTable& shots,
                                                                 const FitStore& store) const {
  return std::make_unique<InContextNumbers>(model_, plan_, shots, store);
}

}  // namespace manyshot
