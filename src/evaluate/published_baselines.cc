#include "evaluate/published_baselines.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "encoding/features.h"
#include "predict/forest.h"
#include "predict/knn.h"
#include "predict/xgboost.h"

namespace manyshot {
namespace {

constexpr int kNumNeighbors = 8;
constexpr int kNumTrees = 30;

// Labelled rows and queries as numbers, without NaN.
struct PublishedFeatures {
  FeatureMatrix shots, queries;
};

// The order of each string among those of both columns; a missing cell is the string "nan".
std::vector<std::string> strings_of(const Column& column) {
  std::vector<std::string> strings;
  for (const int32_t code : column.codes) strings.push_back(code == kMissingCode ? "nan" : column.categories[code]);
  return strings;
}

void number_strings(const Column& shots, const Column& queries, std::vector<double>& shot_numbers,
                    std::vector<double>& query_numbers) {
  const std::vector<std::string> shot_strings = strings_of(shots), query_strings = strings_of(queries);
  std::vector<std::string> sorted = shot_strings;
  sorted.insert(sorted.end(), query_strings.begin(), query_strings.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const auto number = [&](const std::string& text) {
    return static_cast<double>(std::lower_bound(sorted.begin(), sorted.end(), text) - sorted.begin());
  };
  std::transform(shot_strings.begin(), shot_strings.end(), std::back_inserter(shot_numbers), number);
  std::transform(query_strings.begin(), query_strings.end(), std::back_inserter(query_numbers), number);
}

// Of the values that are not NaN; 0 without any.
double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void put_column(FeatureMatrix& matrix, size_t feature, const std::vector<double>& values, double missing) {
  for (size_t row = 0; row < values.size(); ++row) {
    matrix.values[row * matrix.num_features + feature] = std::isnan(values[row]) ? missing : values[row];
  }
}

FeatureMatrix empty_matrix(const Table& table) {
  return {.num_rows = table.num_rows,
          .num_features = table.columns.size(),
          .values = std::vector<double>(table.num_rows * table.columns.size())};
}

PublishedFeatures encode(const Table& shots, const Table& queries) {
  PublishedFeatures features{empty_matrix(shots), empty_matrix(queries)};
  for (size_t index = 0; index < shots.columns.size(); ++index) {
    const Column &shot_column = shots.columns[index], &query_column = queries.columns[index];
    std::vector<double> shot_numbers = shot_column.numbers, query_numbers = query_column.numbers;
    if (!shot_column.is_number()) number_strings(shot_column, query_column, shot_numbers, query_numbers);
    const double missing = median(shot_numbers);
    put_column(features.shots, index, shot_numbers, missing);
    put_column(features.queries, index, query_numbers, missing);
  }
  return features;
}

using Classifier = std::function<std::vector<double>(const PublishedFeatures&, const LabelledTable&)>;

// Fits when it predicts: before, the queries are not known.
class PublishedPredictor : public Predictor {
 public:
  PublishedPredictor(const LabelledTable& shots, Classifier classifier)
      : shots_(shots), classifier_(std::move(classifier)) {}
  std::vector<double> predict(const Table& queries) const override {
    return classifier_(encode(shots_.features, queries), shots_);
  }

 private:
  LabelledTable shots_;
  Classifier classifier_;
};

class PublishedMethod : public Method {
 public:
  explicit PublishedMethod(Classifier classifier) : classifier_(std::move(classifier)) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override {
    return std::make_unique<PublishedPredictor>(shots, classifier_);
  }

 private:
  Classifier classifier_;
};

}  // namespace

const std::vector<std::string>& published_baselines() {
  static const std::vector<std::string> names{"paper-knn", "paper-forest", "paper-xgboost"};
  return names;
}

std::unique_ptr<Method> open_published_baseline(const std::string& name, uint64_t seed) {
  if (name == "paper-knn") {
    return std::make_unique<PublishedMethod>([](const PublishedFeatures& features, const LabelledTable& shots) {
      return KnnClassifier(features.shots.values, shots.labels, shots.num_classes(), kNumNeighbors)
          .predict(features.queries.values);
    });
  }
  if (name == "paper-forest") {
    return std::make_unique<PublishedMethod>([seed](const PublishedFeatures& features, const LabelledTable& shots) {
      return ForestClassifier(features.shots, shots.labels, shots.num_classes(), kNumTrees, seed)
          .predict(features.queries);
    });
  }
  return std::make_unique<PublishedMethod>([seed](const PublishedFeatures& features, const LabelledTable& shots) {
    return XgboostClassifier(features.shots, shots.labels, shots.num_classes(), seed).predict(features.queries);
  });
}

}  // namespace manyshot
