#include "predict/xgboost.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/interrupt.h"
#include "predict/encoded_predictor.h"

namespace manyshot {
namespace {

void check(int status) {
  if (status != 0) fail(ErrorKind::kInternal, "XGBoost: {}", XGBGetLastError());
}

// Single precision, as XGBoost works; infinities, which it refuses, become the largest finite values.
std::vector<float> to_float(const FeatureMatrix& features) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  std::vector<float> values(features.values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = features.values[i];
    values[i] = std::isnan(value) ? std::numeric_limits<float>::quiet_NaN()
                                  : static_cast<float>(std::clamp(value, -kLargest, kLargest));
  }
  return values;
}

class DMatrix {
 public:
  explicit DMatrix(const FeatureMatrix& features) {
    const std::vector<float> values = to_float(features);
    check(XGDMatrixCreateFromMat(values.data(), features.num_rows, features.num_features,
                                 std::numeric_limits<float>::quiet_NaN(), &handle_));
    if (features.has_nominal()) set_types(features);
  }
  ~DMatrix() { XGDMatrixFree(handle_); }
  DMatrix(const DMatrix&) = delete;
  DMatrix& operator=(const DMatrix&) = delete;
  DMatrixHandle get() const { return handle_; }

 private:
  void set_types(const FeatureMatrix& features) {
    std::vector<const char*> types;
    for (size_t feature = 0; feature < features.num_features; ++feature)
      types.push_back(features.is_nominal(feature) ? "c" : "q");
    check(XGDMatrixSetStrFeatureInfo(handle_, "feature_type", types.data(), types.size()));
  }

  DMatrixHandle handle_ = nullptr;
};

}  // namespace

XgboostClassifier::XgboostClassifier(const FeatureMatrix& features, std::span<const int32_t> labels, size_t num_classes,
                                     uint64_t seed, const XgboostOptions& options)
    : num_classes_(num_classes) {
  std::vector<uint32_t> counts(num_classes);
  for (const int32_t label : labels) ++counts[label];
  std::vector<float> model_class(num_classes);
  for (size_t k = 0; k < num_classes; ++k) {
    if (counts[k] == 0) continue;
    model_class[k] = static_cast<float>(present_.size());
    present_.push_back(k);
  }
  if (present_.size() < 2) return;
  std::vector<float> targets;
  for (const int32_t label : labels) targets.push_back(model_class[label]);

  const DMatrix data(features);
  check(XGDMatrixSetFloatInfo(data.get(), "label", targets.data(), targets.size()));
  const DMatrixHandle cache[] = {data.get()};
  check(XGBoosterCreate(cache, 1, &booster_));
  set_parameters(features, seed, options);
  for (int round = 0; round < options.num_rounds; ++round) {
    check_interrupted();
    check(XGBoosterUpdateOneIter(booster_, round, data.get()));
  }
}

void XgboostClassifier::set_parameters(const FeatureMatrix& features, uint64_t seed, const XgboostOptions& options) {
  const bool binary = present_.size() == 2;
  const auto set = [&](const char* key, const std::string& value) {
    check(XGBoosterSetParam(booster_, key, value.c_str()));
  };
  set("objective", binary ? "binary:logistic" : "multi:softprob");
  if (!binary) set("num_class", std::to_string(present_.size()));
  set("eta", fmt::format("{}", options.learning_rate));
  set("max_depth", std::to_string(options.max_depth));
  set("subsample", "0.8");
  set("colsample_bytree", "0.8");
  // One thread and one algorithm, so that the trees are the same on every machine of a kind. Exact splits know no
  // categories.
  set("tree_method", features.num_rows > 50'000 || features.has_nominal() ? "hist" : "exact");
  // A split tells one category from all others. XGBoost's default, sets of categories from four on, fits the noise of
  // small tables (docs/auto.md).
  set("max_cat_to_onehot", std::to_string(std::numeric_limits<int32_t>::max()));
  set("seed", std::to_string(seed % std::numeric_limits<int32_t>::max()));
  set("nthread", "1");
  set("verbosity", "0");
}

XgboostClassifier::~XgboostClassifier() {
  if (booster_ != nullptr) XGBoosterFree(booster_);
}

std::vector<double> XgboostClassifier::predict(const FeatureMatrix& queries) const {
  std::vector<double> probabilities(queries.num_rows * num_classes_);
  if (queries.num_rows == 0) return probabilities;
  if (booster_ == nullptr) {
    for (size_t row = 0; row < queries.num_rows; ++row) probabilities[row * num_classes_ + present_.front()] = 1;
    return probabilities;
  }
  const DMatrix data(queries);
  // The output buffer belongs to the booster: one prediction at a time.
  const std::lock_guard lock(mutex_);
  const char* config =
      R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* output = nullptr;
  check(XGBoosterPredictFromDMatrix(booster_, data.get(), config, &shape, &dimensions, &output));
  for (size_t row = 0; row < queries.num_rows; ++row) {
    double* result = probabilities.data() + row * num_classes_;
    if (present_.size() == 2) {
      result[present_[1]] = output[row];
      result[present_[0]] = 1 - double{output[row]};
      continue;
    }
    double sum = 0;
    for (size_t k = 0; k < present_.size(); ++k) sum += output[row * present_.size() + k];
    for (size_t k = 0; k < present_.size(); ++k) result[present_[k]] = output[row * present_.size() + k] / sum;
  }
  return probabilities;
}

std::unique_ptr<Predictor> XgboostMethod::fit(const LabelledTable& shots) const {
  return std::make_unique<EncodedPredictor<XgboostClassifier>>(shots, seed_);
}

}  // namespace manyshot
