// The functions of include/manyshot.h on the process, on tasks and on predictions: nothing but conversions.
#include <manyshot.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "c_api/border.h"
#include "core/parallel.h"
#include "core/version.h"
#include "predict/choose_labels.h"
#include "predict/fit_file.h"
#include "predict/fitted_task.h"

struct manyshot_task {
  manyshot::SavedFit saved;
  std::unique_ptr<manyshot::FittedTask> task;
  std::string info;
};

struct manyshot_prediction {
  manyshot::TaskAnswers answers;
  std::vector<int32_t> labels;  // of classes
  std::vector<double> means;    // of numbers
  size_t num_rows = 0;
};

namespace manyshot {
namespace {

constexpr const char* kTrainName = "the labelled rows";  // in messages
constexpr const char* kTestName = "the rows to predict";

// Options of `manyshot fit` by name, those of files excepted.
PredictOptions parse_options(const char* text, const char* target) {
  PredictOptions options;
  options.task.train = kTrainName;
  options.task.test = kTestName;
  options.task.target = target;
  OptionList list;
  for (const Option& option : named_by_keys(options_of(options))) {
    const bool is_given = is_fitted_option(option.name) && option.name != "target";
    if (is_given || option.name == "ignore") list.push_back(option);
  }
  set_options(list, text);
  return options;
}

manyshot_task make_task(SavedFit saved, std::unique_ptr<FittedTask> task, const std::string& path) {
  saved.parts.path = path;
  std::string info = to_json(saved).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  return {std::move(saved), std::move(task), std::move(info)};
}

}  // namespace
}  // namespace manyshot

using namespace manyshot;  // NOLINT: the functions below are C's

const char* manyshot_version(void) {
  static const std::string version = program_version();
  return version.c_str();
}

const char* manyshot_last_error(void) { return last_error().message.c_str(); }
const char* manyshot_last_error_kind(void) { return last_error().kind.c_str(); }

manyshot_status manyshot_set_threads(int threads) {
  return guarded([&] {
    if (threads < 0 || threads > 1024) fail(ErrorKind::kBadInput, "threads: {} is not from 0 to 1024", threads);
    set_num_threads(threads);
  });
}

void manyshot_interrupt(void) { interrupt_calls(); }

manyshot_status manyshot_set_models_folder(const char* folder) {
  return guarded([&] {
    require(folder, "folder");
    setenv("MANYSHOT_MODELS", folder, /*overwrite=*/1);
  });
}

manyshot_status manyshot_fit(ArrowArrayStream* table, const char* target, const char* options_json,
                             manyshot_task** task) {
  return guarded([&] {
    const OwnedStream stream(table);
    require(target, "target");
    require(task, "task");
    const PredictOptions options = parse_options(options_json, target);
    FitParts parts;
    auto fitted = std::make_unique<FittedTask>(options, stream.read(kTrainName), FitStore::filling(parts));
    SavedFit saved = save_fit(*fitted, std::move(parts));
    *task = new manyshot_task(make_task(std::move(saved), std::move(fitted), ""));
  });
}

manyshot_status manyshot_load(const char* path, manyshot_task** task) {
  return guarded([&] {
    require(path, "path");
    require(task, "task");
    PredictOptions given;
    given.fit = path;
    given.task.test = kTestName;
    SavedFit saved = read_saved_fit(path);
    const PredictOptions options = with_saved_options(given, saved);
    check_weights(saved, options);
    auto fitted = std::make_unique<FittedTask>(options, saved);
    *task = new manyshot_task(make_task(std::move(saved), std::move(fitted), path));
  });
}

manyshot_status manyshot_save(const manyshot_task* task, const char* path) {
  return guarded([&] {
    require(task, "task");
    require(path, "path");
    OutputFile out(path);
    write_saved_fit(out, task->saved);
    out.commit();
  });
}

void manyshot_task_free(manyshot_task* task) { delete task; }

const char* manyshot_task_info(const manyshot_task* task) { return task == nullptr ? "" : task->info.c_str(); }

int64_t manyshot_task_num_classes(const manyshot_task* task) {
  return task == nullptr ? 0 : static_cast<int64_t>(task->task->train().classes.size());
}

const char* manyshot_task_class(const manyshot_task* task, int64_t index) {
  if (index < 0 || index >= manyshot_task_num_classes(task)) return nullptr;
  return task->task->train().classes[static_cast<size_t>(index)].c_str();
}

manyshot_status manyshot_predict(const manyshot_task* task, ArrowArrayStream* table, manyshot_prediction** prediction) {
  return guarded([&] {
    const OwnedStream stream(table);
    require(task, "task");
    require(prediction, "prediction");
    auto result = std::make_unique<manyshot_prediction>();
    result->answers = task->task->predict(stream.read(kTestName));
    if (task->task->is_number()) {
      const Distributions& distributions = result->answers.distributions;
      result->num_rows = distributions.size();
      for (size_t row = 0; row < result->num_rows; ++row) result->means.push_back(mean_of(distributions.at(row)));
    } else {
      result->labels = choose_labels(LabelMetric::kAccuracy, result->answers.probabilities, task->task->class_counts());
      result->num_rows = result->labels.size();
    }
    *prediction = result.release();
  });
}

void manyshot_prediction_free(manyshot_prediction* prediction) { delete prediction; }

int64_t manyshot_prediction_num_rows(const manyshot_prediction* prediction) {
  return prediction == nullptr ? 0 : static_cast<int64_t>(prediction->num_rows);
}

const double* manyshot_prediction_probabilities(const manyshot_prediction* prediction) {
  return prediction == nullptr || prediction->labels.empty() ? nullptr : prediction->answers.probabilities.data();
}

const int32_t* manyshot_prediction_labels(const manyshot_prediction* prediction) {
  return prediction == nullptr || prediction->labels.empty() ? nullptr : prediction->labels.data();
}

const double* manyshot_prediction_means(const manyshot_prediction* prediction) {
  return prediction == nullptr || prediction->means.empty() ? nullptr : prediction->means.data();
}

manyshot_status manyshot_prediction_quantiles(const manyshot_prediction* prediction, double level, double* out) {
  return guarded([&] {
    require(prediction, "prediction");
    require(out, "out");
    if (prediction->means.empty()) fail(ErrorKind::kBadInput, "the target has classes, and a class has no quantiles");
    if (!(level >= 0 && level <= 1)) fail(ErrorKind::kBadInput, "level: {} is not from 0 to 1", level);
    for (size_t row = 0; row < prediction->num_rows; ++row)
      out[row] = quantile_of(prediction->answers.distributions.at(row), level);
  });
}
