#include "predict/beside.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "predict/baselines.h"
#include "predict/number_baselines.h"
#include "predict/task_tables.h"

namespace manyshot {
namespace {

constexpr double kMostSteps = 1e9;  // of a baseline that nobody asked for: some five seconds

// Roughly, the innermost steps of fitting a baseline and asking it.
double steps_of(std::string_view baseline, const BesideWork& work) {
  constexpr double kTrees = 100;
  const auto rows = static_cast<double>(work.rows), features = static_cast<double>(work.features),
             queries = static_cast<double>(work.queries);
  if (baseline == "knn") return rows * queries * features;
  if (baseline == "ridge") return rows * features * features;
  if (baseline == "forest") return kTrees * std::log2(rows + 2) * (rows * std::sqrt(features) + queries);
  return 0;
}

}  // namespace

std::vector<std::string> beside_choices() {
  std::vector<std::string> names = baseline_names();
  for (const std::string& name : number_baseline_names()) {
    if (!is_baseline(name)) names.push_back(name);
  }
  names.push_back("none");
  return names;
}

std::vector<std::string> baselines_beside(const std::optional<std::vector<std::string>>& asked,
                                          const std::vector<std::string>& usual, const std::vector<std::string>& known,
                                          const std::string& model, const BesideWork& work, const std::string& path) {
  std::vector<std::string> names = asked.value_or(usual);
  std::erase(names, "none");
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    fail(ErrorKind::kBadInput, "--beside {}: not a baseline for this target; choose among {}", name, list_names(known));
  }
  std::erase(names, model);
  if (asked) return names;
  std::erase_if(names, [&](const std::string& name) {
    const bool is_long = steps_of(name, work) > kMostSteps;
    if (is_long) {
      log_notes(path, {fmt::format(
                          "{} is not scored beside the model: {} rows behind {} labelled ones would take it minutes; "
                          "--beside {} asks for it all the same",
                          name, with_thousands(work.queries), with_thousands(work.rows), name)});
    }
    return is_long;
  });
  return names;
}

}  // namespace manyshot
