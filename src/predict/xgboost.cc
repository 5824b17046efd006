#include "predict/xgboost.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/rng.h"
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

template <class Trees>
std::string written(const std::unique_ptr<Trees>& trees) {
  ByteWriter writer;
  trees->write(writer);
  return writer.take();
}

constexpr uint64_t kNumFolds = 5;  // whose residuals say how far off predictions are

// Boosted trees as a store has them, or fitted and kept there.
class KeptClassifier {
 public:
  KeptClassifier(const FeatureMatrix& features, std::span<const int32_t> labels, size_t num_classes, uint64_t seed,
                 const FitStore& store)
      : trees_(store.get_or_compute(
            "xgboost/" + xgboost_fit_name(features, labels, seed, {}),
            [&] { return std::make_unique<XgboostClassifier>(features, labels, num_classes, seed); },
            written<XgboostClassifier>,
            [&](ByteReader& reader) { return std::make_unique<XgboostClassifier>(reader, num_classes); })) {}
  std::vector<double> predict(const FeatureMatrix& queries) const { return trees_->predict(queries); }

 private:
  std::unique_ptr<XgboostClassifier> trees_;
};

class KeptRegressor {
 public:
  KeptRegressor(const FeatureMatrix& features, std::span<const double> numbers, uint64_t seed, const FitStore& store)
      : trees_(store.get_or_compute(
            "xgboost/" + xgboost_fit_name(features, numbers, seed, {}),
            [&] { return std::make_unique<XgboostRegressor>(features, numbers, seed); }, written<XgboostRegressor>,
            [&](ByteReader& reader) { return std::make_unique<XgboostRegressor>(reader, features.num_rows); })) {}
  Distributions predict(const FeatureMatrix& queries) const { return trees_->predict(queries); }
  const std::vector<double>& honest_means() const { return trees_->honest_means(); }

 private:
  std::unique_ptr<XgboostRegressor> trees_;
};

FeatureMatrix rows_of(const FeatureMatrix& features, std::span<const uint64_t> rows) {
  FeatureMatrix part{.num_rows = rows.size(), .num_features = features.num_features, .nominal = features.nominal};
  for (const uint64_t row : rows) {
    const auto first = features.values.begin() + static_cast<ptrdiff_t>(row * features.num_features);
    part.values.insert(part.values.end(), first, first + static_cast<ptrdiff_t>(features.num_features));
  }
  return part;
}

}  // namespace

XgboostBooster::XgboostBooster(const FeatureMatrix& features, std::span<const float> targets,
                               const Objective& objective, uint64_t seed, const XgboostOptions& options) {
  const DMatrix data(features);
  check(XGDMatrixSetFloatInfo(data.get(), "label", targets.data(), targets.size()));
  const DMatrixHandle cache[] = {data.get()};
  check(XGBoosterCreate(cache, 1, &booster_));
  set_parameters(features, objective, seed, options);
  for (int round = 0; round < options.num_rounds; ++round) {
    check_interrupted();
    check(XGBoosterUpdateOneIter(booster_, round, data.get()));
  }
}

XgboostBooster::XgboostBooster(std::string_view saved) {
  check(XGBoosterCreate(nullptr, 0, &booster_));
  if (XGBoosterLoadModelFromBuffer(booster_, saved.data(), saved.size()) != 0) {
    const std::string reason = XGBGetLastError();
    XGBoosterFree(booster_);
    fail(ErrorKind::kCorruptFile, "boosted trees that XGBoost cannot read: {}", reason);
  }
  check(XGBoosterSetParam(booster_, "nthread", "1"));
  check(XGBoosterSetParam(booster_, "verbosity", "0"));
}

std::string XgboostBooster::saved() const {
  const std::lock_guard lock(mutex_);
  bst_ulong size = 0;
  const char* bytes = nullptr;
  check(XGBoosterSaveModelToBuffer(booster_, R"({"format": "ubj"})", &size, &bytes));
  return {bytes, size};
}

void XgboostBooster::set_parameters(const FeatureMatrix& features, const Objective& objective, uint64_t seed,
                                    const XgboostOptions& options) {
  const auto set = [&](const char* key, const std::string& value) {
    check(XGBoosterSetParam(booster_, key, value.c_str()));
  };
  set("objective", objective.name);
  if (objective.num_classes > 0) set("num_class", std::to_string(objective.num_classes));
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

XgboostBooster::~XgboostBooster() {
  if (booster_ != nullptr) XGBoosterFree(booster_);
}

std::vector<float> XgboostBooster::predict(const FeatureMatrix& queries) const {
  if (queries.num_rows == 0) return {};
  const DMatrix data(queries);
  // The output buffer belongs to the booster: one prediction at a time.
  const std::lock_guard lock(mutex_);
  const char* config =
      R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* output = nullptr;
  check(XGBoosterPredictFromDMatrix(booster_, data.get(), config, &shape, &dimensions, &output));
  size_t count = 1;
  for (bst_ulong dimension = 0; dimension < dimensions; ++dimension) count *= shape[dimension];
  return {output, output + count};
}

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
  const bool binary = present_.size() == 2;
  const XgboostBooster::Objective objective{.name = binary ? "binary:logistic" : "multi:softprob",
                                            .num_classes = binary ? 0 : present_.size()};
  booster_ = std::make_unique<XgboostBooster>(features, targets, objective, seed, options);
}

XgboostClassifier::XgboostClassifier(ByteReader& reader, size_t num_classes) : num_classes_(num_classes) {
  for (const uint64_t k : reader.list<uint64_t>()) {
    if (k >= num_classes || (!present_.empty() && k <= present_.back()))
      reader.refuse("names classes that are not there");
    present_.push_back(k);
  }
  if (present_.empty()) reader.refuse("has no class");
  if (present_.size() >= 2) booster_ = std::make_unique<XgboostBooster>(reader.text());
}

void XgboostClassifier::write(ByteWriter& writer) const {
  writer.list(std::vector<uint64_t>(present_.begin(), present_.end()));
  if (booster_) writer.text(booster_->saved());
}

std::vector<double> XgboostClassifier::predict(const FeatureMatrix& queries) const {
  std::vector<double> probabilities(queries.num_rows * num_classes_);
  if (queries.num_rows == 0) return probabilities;
  if (!booster_) {
    for (size_t row = 0; row < queries.num_rows; ++row) probabilities[row * num_classes_ + present_.front()] = 1;
    return probabilities;
  }
  const std::vector<float> output = booster_->predict(queries);
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

std::unique_ptr<Predictor> XgboostMethod::fit_with(const LabelledTable& shots, const FitStore& store) const {
  return std::make_unique<EncodedPredictor<KeptClassifier>>(shots, seed_, store);
}

XgboostRegressor::XgboostRegressor(const FeatureMatrix& features, std::span<const double> numbers, uint64_t seed,
                                   const XgboostOptions& options)
    : honest_means_(features.num_rows, std::numeric_limits<double>::quiet_NaN()) {
  const auto [low, high] = std::ranges::minmax(numbers);
  centre_ = low / 2 + high / 2;
  scale_ = high > low ? high / 2 - low / 2 : 1;
  std::vector<uint64_t> all(features.num_rows);
  std::iota(all.begin(), all.end(), 0);
  booster_ = fit(features, numbers, all, seed, options);
  const auto num_folds = std::min<uint64_t>(kNumFolds, features.num_rows);
  if (num_folds < 2) residuals_.push_back(0);
  const std::vector<uint32_t> order = Rng(seed).child("folds").permutation(static_cast<uint32_t>(features.num_rows));
  for (uint64_t fold = 0; num_folds >= 2 && fold < num_folds; ++fold) {
    std::vector<uint64_t> inside, outside;
    for (uint64_t place = 0; place < order.size(); ++place)
      (place % num_folds == fold ? outside : inside).push_back(order[place]);
    std::ranges::sort(inside);
    const auto of_fold = fit(features, numbers, inside, seed, options);
    const std::vector<double> means = to_numbers(of_fold->predict(rows_of(features, outside)));
    for (size_t i = 0; i < outside.size(); ++i) {
      honest_means_[outside[i]] = means[i];
      residuals_.push_back(numbers[outside[i]] - means[i]);
    }
  }
  spread_ = ResidualSpread(residuals_);
}

XgboostRegressor::XgboostRegressor(ByteReader& reader, uint64_t num_rows)
    : centre_(reader.number<double>()),
      scale_(reader.number<double>()),
      booster_(std::make_unique<XgboostBooster>(reader.text())),
      honest_means_(reader.block<double>(num_rows)),
      residuals_(reader.list<double>()) {
  if (residuals_.empty()) reader.refuse("has no residuals");
  spread_ = ResidualSpread(residuals_);
}

void XgboostRegressor::write(ByteWriter& writer) const {
  writer.number(centre_);
  writer.number(scale_);
  writer.text(booster_->saved());
  writer.numbers(std::span<const double>(honest_means_));
  writer.list(residuals_);
}

std::unique_ptr<XgboostBooster> XgboostRegressor::fit(const FeatureMatrix& features, std::span<const double> numbers,
                                                      std::span<const uint64_t> rows, uint64_t seed,
                                                      const XgboostOptions& options) const {
  std::vector<float> targets;
  for (const uint64_t row : rows) targets.push_back(static_cast<float>((numbers[row] - centre_) / scale_));
  return std::make_unique<XgboostBooster>(rows_of(features, rows), targets,
                                          XgboostBooster::Objective{.name = "reg:squarederror"}, seed, options);
}

std::vector<double> XgboostRegressor::to_numbers(const std::vector<float>& outputs) const {
  std::vector<double> numbers;
  for (const float output : outputs) numbers.push_back(centre_ + scale_ * double{output});
  return numbers;
}

Distributions XgboostRegressor::predict(const FeatureMatrix& queries) const {
  return spread_.around(to_numbers(booster_->predict(queries)));
}

std::unique_ptr<NumberPredictor> XgboostNumberMethod::fit_with(const NumberedTable& shots,
                                                               const FitStore& store) const {
  return std::make_unique<EncodedNumberPredictor<KeptRegressor>>(shots, seed_, store);
}

}  // namespace manyshot
