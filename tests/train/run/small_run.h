// What tests of whole runs share: tasks that are quick to draw, and the lines that a run has written.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/json.h"

namespace manyshot::train {

// The end of a [[stage]].
inline constexpr const char* kSmallTasks = R"([stage.corpus]
shots = "8:16"
queries = 4
filter_tasks = false
prior = "mlp"
features = "2:6"
classes = "2:4"
)";

// Lines of a run's metrics.jsonl.
inline std::vector<Json> metric_lines(const std::string& run_folder) {
  std::vector<Json> lines;
  std::istringstream text(read_file(run_folder + "/metrics.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace manyshot::train
