#include "evaluate/summary/harness_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace manyshot {
namespace {

constexpr int kTaskVersion = 1;

std::string sanitised(std::string name, const char* unwanted) {
  for (char& c : name) {
    if (std::string_view(unwanted).find(c) != std::string_view::npos) c = '_';
  }
  return name;
}

std::string model_folder(const std::string& name) { return sanitised(name, "\"<>:/\\|?* []"); }

std::string task_name(const Summary& summary, const CellSummary& cell) {
  return fmt::format("{}_{}shot", summary.tables[cell.table].name, cell.shots);
}

std::string group_name(uint64_t shots) { return fmt::format("tables_{}shot", shots); }

// The harness's names of a metric, and of its value in results.
std::string metric_name(Metric metric) { return metric == Metric::kAccuracy ? "acc" : std::string(name_of(metric)); }
std::string metric_key(Metric metric) { return metric_name(metric) + ",none"; }

// Standard error of a share of `rows`.
double share_error(double share, uint64_t rows) {
  return rows < 2 ? kNotAvailable : std::sqrt(share * (1 - share) / static_cast<double>(rows - 1));
}

class HarnessWriter {
 public:
  HarnessWriter(const Summary& summary, size_t model) : summary_(summary), model_(model) {
    for (const char* part : {"results", "groups", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better",
                             "n-samples", "task_hashes"}) {
      json_[part] = Json::object();
    }
  }

  Json write() {
    for (const CellSummary& cell : summary_.cells) {
      if (cell.model == model_) add_task(cell);
    }
    for (const AverageSummary& average : summary_.averages) {
      if (average.model == model_) add_group(average);
    }
    const RunFacts& run = summary_.run;
    const std::string& name = summary_.models[model_].name;
    json_["config"] = {{"model", "manyshot"}, {"model_args", run.options}, {"device", "cpu"}};
    json_["git_hash"] = nullptr;
    json_["date"] = run.started;
    json_["manyshot_version"] = run.version;
    json_["model_source"] = "manyshot";
    json_["model_name"] = name;
    json_["model_name_sanitized"] = model_folder(name);
    json_["start_time"] = run.started;
    json_["end_time"] = run.finished;
    json_["total_evaluation_time_seconds"] = fmt::format("{}", seconds_);
    return std::move(json_);
  }

 private:
  void add_task(const CellSummary& cell) {
    const std::string task = task_name(summary_, cell);
    const TableSummary& table = summary_.tables[cell.table];
    Json result{{"alias", task}};
    for (const Metric metric : kMetrics) result[metric_key(metric)] = cell.mean[metric];
    result["acc_stderr,none"] = share_error(cell.mean.accuracy, table.queries);
    json_["results"][task] = std::move(result);
    describe(task, cell.shots);
    json_["configs"][task] = {{"task", task},
                              {"dataset_path", table.path},
                              {"output_type", "multiple_choice"},
                              {"num_fewshot", cell.shots},
                              {"metadata", {{"version", kTaskVersion}, {"seeds", cell.seeds}}}};
    json_["n-samples"][task] = {{"original", table.rows - table.train_rows}, {"effective", table.queries}};
    json_["task_hashes"][task] = table.hash;
    json_["group_subtasks"][group_name(cell.shots)].push_back(task);
  }

  void add_group(const AverageSummary& average) {
    const std::string group = group_name(average.shots);
    Json result{{"alias", group}};
    for (const Metric metric : kMetrics) result[metric_key(metric)] = average.metrics[metric].mean;
    json_["groups"][group] = result;
    json_["results"][group] = std::move(result);
    describe(group, average.shots);
    const double queries = static_cast<double>(num_queries(average.shots));
    if (!std::isnan(average.seconds_per_query)) seconds_ += average.seconds_per_query * queries;
  }

  void describe(const std::string& task, uint64_t shots) {
    json_["versions"][task] = kTaskVersion;
    json_["n-shot"][task] = shots;
    for (const Metric metric : kMetrics)
      json_["higher_is_better"][task][metric_name(metric)] = higher_is_better(metric);
  }

  uint64_t num_queries(uint64_t shots) const {
    uint64_t rows = 0;
    for (const CellSummary& cell : summary_.cells) {
      if (cell.model == model_ && cell.shots == shots) rows += cell.mean.rows;
    }
    return rows;
  }

  const Summary& summary_;
  size_t model_;
  Json json_ = Json::object();
  double seconds_ = 0;
};

}  // namespace

Json harness_results(const Summary& summary, size_t model) { return HarnessWriter(summary, model).write(); }

std::string harness_file_name(const Summary& summary, size_t model) {
  std::string time = summary.run.started;
  std::replace(time.begin(), time.end(), ':', '-');
  return fmt::format("{}/results_{}.json", model_folder(summary.models[model].name), time);
}

}  // namespace manyshot
