// Gradient boosting by XGBoost (Chen and Guestrin 2016, arXiv 1603.02754) with the settings of the published baseline:
// 500 trees a class of depth 4, learning rate 0.05, 80 % of rows and columns a tree (facts: arXiv 2509.06806,
// section 3.1.2). Two classes: logistic; more: softmax. Classes without labelled rows are left out of training. Nominal
// features are read as categories, not as numbers; the published baseline numbers them
// (evaluate/published_baselines.h).
#pragma once

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/features.h"
#include "predict/number_predictor.h"
#include "predict/predictor.h"
#include "predict/residual_spread.h"

namespace manyshot {

struct XgboostOptions {
  int num_rounds = 500;
  double learning_rate = 0.05;
  int max_depth = 4;
};

// Trees for one objective; NaN is missing. A query's category that no labelled row has is told from all others: it goes
// where the categories go that a split does not name.
class XgboostBooster {
 public:
  struct Objective {
    const char* name;
    size_t num_classes = 0;  // of a softmax
  };
  XgboostBooster(const FeatureMatrix& features, std::span<const float> targets, const Objective& objective,
                 uint64_t seed, const XgboostOptions& options);
  // One that saved() wrote. Throws Error(kCorruptFile) for other bytes.
  explicit XgboostBooster(std::string_view saved);
  ~XgboostBooster();
  XgboostBooster(const XgboostBooster&) = delete;
  XgboostBooster& operator=(const XgboostBooster&) = delete;
  std::vector<float> predict(const FeatureMatrix& queries) const;  // [Q], of a softmax [Q, num_classes]
  std::string saved() const;                                       // XGBoost's own format, as universal binary JSON

 private:
  void set_parameters(const FeatureMatrix& features, const Objective& objective, uint64_t seed,
                      const XgboostOptions& options);

  void* booster_ = nullptr;  // a BoosterHandle
  mutable std::mutex mutex_;
};

// Names what boosted trees are fitted to and how (predict/fit_store.h).
template <class Target>
std::string xgboost_fit_name(const FeatureMatrix& features, std::span<const Target> targets, uint64_t seed,
                             const XgboostOptions& options) {
  return fmt::format("{}-{}-{}-{}/{:016x}-{:016x}", options.num_rounds, options.learning_rate, options.max_depth, seed,
                     checksum_of(std::span<const double>(features.values)), checksum_of(targets));
}

class XgboostClassifier {
 public:
  XgboostClassifier(const FeatureMatrix& features, std::span<const int32_t> labels, size_t num_classes, uint64_t seed,
                    const XgboostOptions& options = {});
  // One that write() wrote.
  XgboostClassifier(ByteReader& reader, size_t num_classes);
  void write(ByteWriter& writer) const;
  std::vector<double> predict(const FeatureMatrix& queries) const;  // [Q, K]

 private:
  size_t num_classes_;
  std::vector<size_t> present_;              // classes with labelled rows, in order: the booster's classes
  std::unique_ptr<XgboostBooster> booster_;  // none with fewer than two classes
};

class XgboostMethod : public Method {
 public:
  explicit XgboostMethod(uint64_t seed) : seed_(seed) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<Predictor> fit_with(const LabelledTable& shots, const FitStore& store) const override;

 private:
  uint64_t seed_;
};

// Squared error, and around the prediction the residuals of five folds, each predicted from the other four.
class XgboostRegressor {
 public:
  XgboostRegressor(const FeatureMatrix& features, std::span<const double> numbers, uint64_t seed,
                   const XgboostOptions& options = {});
  // One of so many rows that write() wrote.
  XgboostRegressor(ByteReader& reader, uint64_t num_rows);
  void write(ByteWriter& writer) const;
  Distributions predict(const FeatureMatrix& queries) const;
  const std::vector<double>& honest_means() const { return honest_means_; }

 private:
  std::unique_ptr<XgboostBooster> fit(const FeatureMatrix& features, std::span<const double> numbers,
                                      std::span<const uint64_t> rows, uint64_t seed,
                                      const XgboostOptions& options) const;
  std::vector<double> to_numbers(const std::vector<float>& outputs) const;

  double centre_ = 0, scale_ = 1;  // of the numbers: the booster's are from -1 to 1, in single precision
  std::unique_ptr<XgboostBooster> booster_;
  std::vector<double> honest_means_;
  std::vector<double> residuals_;
  ResidualSpread spread_;
};

class XgboostNumberMethod : public NumberMethod {
 public:
  explicit XgboostNumberMethod(uint64_t seed) : seed_(seed) {}
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<NumberPredictor> fit_with(const NumberedTable& shots, const FitStore& store) const override;

 private:
  uint64_t seed_;
};

}  // namespace manyshot
