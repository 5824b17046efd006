#include "evaluate/summary/summarise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "evaluate/summary/statistics.h"

namespace manyshot {
namespace {

constexpr double kCollapse = 0.02;  // a fall of the accuracy that is called one

void add_bins(std::vector<ReliabilityBin>& sums, const std::vector<ReliabilityBin>& bins) {
  sums.resize(std::max(sums.size(), bins.size()));
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    sums[bin].rows += bins[bin].rows;
    sums[bin].correct += bins[bin].correct;
    sums[bin].confidence += bins[bin].confidence;
  }
}

// The mean of each metric over the seeds, of those that have it.
Metrics mean_metrics(const std::vector<const UnitSummary*>& units) {
  Metrics mean;
  for (const UnitSummary* unit : units) mean.rows += unit->metrics.rows;
  for (const Metric metric : kMetrics) {
    std::vector<double> values;
    for (const UnitSummary* unit : units) {
      const double value = unit->metrics[metric];
      if (!std::isnan(value)) values.push_back(value);
    }
    mean[metric] = average_of(values);
  }
  return mean;
}

class Summariser {
 public:
  explicit Summariser(Summary& summary)
      : units_(summary.units),
        summary_(summary),
        baseline_(place_of(summary.run.baseline)),
        forest_(place_of(summary.run.forest)) {
    const std::set<ModelShots> majority = majority_alone();
    for (const UnitSummary& unit : units_) {
      if (!unit.error.empty() || majority.contains({unit.model, unit.shots})) continue;
      by_cell_[{unit.model, unit.table, unit.shots}].push_back(&unit);
    }
  }

  void run() {
    for (const auto& [place, units] : by_cell_) summary_.cells.push_back(cell(units));
    for (const CellSummary& cell : summary_.cells) cells_[{cell.model, cell.table, cell.shots}] = &cell;
    for (size_t model = 0; model < summary_.models.size(); ++model) {
      for (const uint64_t shots : summary_.run.shots) average(model, shots);
      curve(model);
    }
  }

 private:
  using CellKey = std::tuple<size_t, size_t, uint64_t>;  // model, table, shots
  using ModelShots = std::pair<size_t, uint64_t>;

  // Where a model has answered with the majority's class and nothing else, which says nothing about the model.
  std::set<ModelShots> majority_alone() const {
    std::set<ModelShots> majority, others;
    for (const UnitSummary& unit : units_) {
      if (!unit.error.empty()) continue;
      const bool is_own_answer = !unit.is_majority() || summary_.models[unit.model].name == "majority";
      (is_own_answer ? others : majority).insert({unit.model, unit.shots});
    }
    std::erase_if(majority, [&](const ModelShots& place) { return others.contains(place); });
    return majority;
  }

  std::optional<size_t> place_of(const std::string& model) const {
    for (size_t place = 0; place < summary_.models.size(); ++place) {
      if (summary_.models[place].name == model) return place;
    }
    return std::nullopt;
  }

  CellSummary cell(const std::vector<const UnitSummary*>& units) const {
    const UnitSummary& first = *units.front();
    CellSummary cell{.model = first.model,
                     .table = first.table,
                     .shots = first.shots,
                     .seeds = units.size(),
                     .mean = mean_metrics(units)};
    std::vector<double> accuracies;
    for (const UnitSummary* unit : units) accuracies.push_back(unit->metrics.accuracy);
    cell.accuracy_interval = t_interval(accuracies);
    if (!baseline_) return cell;
    const auto baseline = by_cell_.find({*baseline_, first.table, first.shots});
    if (baseline != by_cell_.end()) compare_queries(units, baseline->second, cell);
    return cell;
  }

  // Each query's difference, averaged over the seeds that both have.
  static void compare_queries(const std::vector<const UnitSummary*>& units,
                              const std::vector<const UnitSummary*>& others, CellSummary& cell) {
    std::vector<double> differences(units.front()->correct.size());
    double seeds = 0;
    for (const UnitSummary* unit : units) {
      const auto other = std::find_if(others.begin(), others.end(),
                                      [&](const UnitSummary* candidate) { return candidate->seed == unit->seed; });
      if (other == others.end()) continue;
      ++seeds;
      for (size_t query = 0; query < differences.size(); ++query) {
        differences[query] += unit->correct[query] - (*other)->correct[query];
      }
    }
    if (seeds == 0) return;
    for (double& difference : differences) difference /= seeds;
    cell.difference = average_of(differences);
    cell.difference_interval = normal_interval(differences);
  }

  // The metric of a model's cell; NaN without one.
  double value(std::optional<size_t> model, size_t table, uint64_t shots, Metric metric) const {
    if (!model) return kNotAvailable;
    const auto cell = cells_.find({*model, table, shots});
    return cell == cells_.end() ? kNotAvailable : cell->second->mean[metric];
  }

  void average(size_t model, uint64_t shots) {
    AverageSummary average{.model = model, .shots = shots};
    double seconds = 0;
    uint64_t queries = 0;
    for (const UnitSummary& unit : units_) {
      if (unit.model != model || unit.shots != shots) continue;
      average.failed_units += unit.error.empty() ? 0 : 1;
      average.majority_units += unit.is_majority() ? 1 : 0;
      add_bins(average.reliability, unit.reliability);
      average.answers += unit.answers;
      seconds += unit.fit_s + unit.predict_s;
      queries += unit.metrics.rows;
    }
    for (size_t table = 0; table < summary_.tables.size(); ++table) {
      const auto cell = cells_.find({model, table, shots});
      if (cell == cells_.end()) continue;
      ++average.tables;
      average.clear_wins += cell->second->difference_interval.low > 0;
      average.clear_losses += cell->second->difference_interval.high < 0;
    }
    if (average.tables == 0 && average.failed_units == 0 && average.majority_units == 0) return;
    if (queries > 0) {
      average.seconds_per_query = seconds / static_cast<double>(queries);
      const uint64_t tokens = average.answers.prompt_tokens + average.answers.answer_tokens;
      if (tokens > 0) average.tokens_per_query = static_cast<double>(tokens) / static_cast<double>(queries);
    }
    for (const Metric metric : kMetrics) average.metrics[metric] = summarise_metric(model, shots, metric);
    summary_.averages.push_back(std::move(average));
  }

  MetricSummary summarise_metric(size_t model, uint64_t shots, Metric metric) {
    MetricSummary result;
    std::vector<double> values, differences, with_forest, of_forest, model_ranks;
    for (size_t table = 0; table < summary_.tables.size(); ++table) {
      const double own = value(model, table, shots, metric);
      if (std::isnan(own)) continue;
      values.push_back(own);
      if (const double other = value(baseline_, table, shots, metric); !std::isnan(other)) {
        differences.push_back(own - other);
        const double gain = higher_is_better(metric) ? own - other : other - own;
        ++(gain > 0 ? result.wins : gain < 0 ? result.losses : result.ties);
      }
      if (const double forest = value(forest_, table, shots, metric); !std::isnan(forest)) {
        with_forest.push_back(own);
        of_forest.push_back(forest);
      }
      if (const double rank = rank_of(model, table, shots, metric); !std::isnan(rank)) model_ranks.push_back(rank);
    }
    result.mean = average_of(values);
    result.interval = bootstrap_.interval(values);
    result.difference = average_of(differences);
    result.difference_interval = bootstrap_.interval(differences);
    result.average_rank = average_of(model_ranks);
    result.relative_to_forest = average_of(with_forest) / average_of(of_forest) - 1;
    return result;
  }

  // Among all models; NaN when one of them has no value.
  double rank_of(size_t model, size_t table, uint64_t shots, Metric metric) const {
    std::vector<double> values;
    for (size_t other = 0; other < summary_.models.size(); ++other) {
      values.push_back(value(other, table, shots, metric));
      if (std::isnan(values.back())) return kNotAvailable;
    }
    return ranks(values, higher_is_better(metric))[model];
  }

  void curve(size_t model) {
    CurveSummary curve{.model = model};
    std::vector<double> sums(summary_.run.shots.size());
    for (size_t table = 0; table < summary_.tables.size(); ++table) {
      std::vector<double> accuracies;
      for (const uint64_t shots : summary_.run.shots)
        accuracies.push_back(value(model, table, shots, Metric::kAccuracy));
      if (std::any_of(accuracies.begin(), accuracies.end(), [](double accuracy) { return std::isnan(accuracy); }))
        continue;
      ++curve.tables;
      for (size_t step = 0; step < sums.size(); ++step) {
        sums[step] += accuracies[step];
        if (step == 0) continue;
        ++curve.table_steps;
        curve.table_collapses += accuracies[step - 1] - accuracies[step] > kCollapse;
      }
    }
    if (curve.tables == 0) return;
    for (size_t step = 0; step < sums.size(); ++step) {
      curve.mean.push_back(sums[step] / static_cast<double>(curve.tables));
      if (step == 0) continue;
      const double fall = curve.mean[step - 1] - curve.mean[step];
      ++curve.steps;
      curve.falling_steps += fall > 0;
      curve.largest_fall = std::max(curve.largest_fall, fall);
    }
    summary_.curves.push_back(std::move(curve));
  }

  const std::vector<UnitSummary>& units_;
  Summary& summary_;
  std::optional<size_t> baseline_, forest_;
  std::map<CellKey, std::vector<const UnitSummary*>> by_cell_;
  std::map<CellKey, const CellSummary*> cells_;
  Bootstrap bootstrap_;
};

}  // namespace

void summarise(Summary& summary) { Summariser(summary).run(); }

}  // namespace manyshot
