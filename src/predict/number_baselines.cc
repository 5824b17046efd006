#include "predict/number_baselines.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "core/error.h"
#include "predict/auto_method.h"
#include "predict/baseline_list.h"
#include "predict/baselines.h"
#include "predict/forest.h"
#include "predict/in_context.h"
#include "predict/in_context_numbers.h"
#include "predict/knn.h"
#include "predict/model_store.h"
#include "predict/number_blend.h"
#include "predict/parts_method.h"
#include "predict/ridge.h"
#include "predict/xgboost.h"

namespace manyshot {
namespace {

using MethodPtr = std::unique_ptr<NumberMethod>;

// The numbers of the labelled rows, whatever the query.
class MeanPredictor : public NumberPredictor {
 public:
  explicit MeanPredictor(std::vector<double> numbers) {
    const auto count = static_cast<double>(numbers.size());
    double mean = 0;
    for (const double number : numbers) mean += number / count;
    // Without row i the mean is mean + (mean - y_i) / (N - 1).
    for (const double number : numbers)
      honest_.push_back(numbers.size() > 1 ? mean + (mean - number) / (count - 1)
                                           : std::numeric_limits<double>::quiet_NaN());
    std::ranges::sort(numbers);
    slices_ = slices_of(numbers);
  }
  Distributions predict(const Table& queries) const override {
    Distributions result;
    for (size_t query = 0; query < queries.num_rows; ++query)
      result.values.insert(result.values.end(), slices_.begin(), slices_.end());
    return result;
  }
  std::vector<double> honest_means() const override { return honest_; }

 private:
  std::vector<double> slices_, honest_;
};

class MeanMethod : public NumberMethod {
 public:
  bool reads_parts() const override { return false; }
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override {
    return std::make_unique<MeanPredictor>(shots.numbers);
  }
};

const BaselineList<NumberMethod>& all() {
  static const BaselineList<NumberMethod> list{
      {"mean", [](uint64_t) -> MethodPtr { return std::make_unique<MeanMethod>(); }},
      {"knn", [](uint64_t) -> MethodPtr { return std::make_unique<KnnNumberMethod>(); }},
      {"ridge", [](uint64_t) -> MethodPtr { return std::make_unique<RidgeNumberMethod>(); }},
      {"forest", [](uint64_t seed) -> MethodPtr { return std::make_unique<ForestNumberMethod>(seed); }},
      {"xgboost", [](uint64_t seed) -> MethodPtr { return std::make_unique<XgboostNumberMethod>(seed); }},
  };
  return list;
}

MethodPtr open_model(const std::string& name, const MethodOptions& options, uint64_t seed) {
  std::vector<std::string> names{std::string(kAuto)};
  names.insert(names.end(), number_baseline_names().begin(), number_baseline_names().end());
  return std::make_unique<InContextNumberMethod>(load_model_for(resolve_model(name, names), options), options, seed);
}

// The bundled model, where it knows numbers, and baselines of other kinds.
MethodPtr open_auto(const MethodOptions& options, uint64_t seed) {
  std::vector<BlendedNumberMethod::Member> members;
  const std::string student(kAutoStudent);
  if (weights_predict_numbers(resolve_model(student))) members.push_back({student, open_model(student, options, seed)});
  for (const char* name : {"forest", "ridge", "xgboost"}) members.push_back({name, open_number_baseline(name, seed)});
  return std::make_unique<BlendedNumberMethod>(std::move(members));
}

}  // namespace

const std::vector<std::string>& number_baseline_names() { return all().names(); }

bool is_number_baseline(std::string_view name) { return all().has(name); }

std::unique_ptr<NumberMethod> open_number_baseline(std::string_view name, uint64_t seed) {
  return all().open(name, seed);
}

void fail_of_classes(const std::string& name) {
  fail(ErrorKind::kUnsupported,
       "{} predicts classes, and the target is a number; use auto, {}, or take each value as a class: --task "
       "classification",
       name, fmt::join(number_baseline_names(), ", "));
}

std::unique_ptr<NumberMethod> open_number_method(const std::string& name, const MethodOptions& options, uint64_t seed) {
  if (name == kAuto) return with_parts(open_auto(options, seed));
  if (is_number_baseline(name)) return with_parts(open_number_baseline(name, seed));
  if (is_baseline(name)) fail_of_classes(name);
  return with_parts(open_model(name, options, seed));
}

}  // namespace manyshot
