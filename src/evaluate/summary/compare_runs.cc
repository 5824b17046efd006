#include "evaluate/summary/compare_runs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "evaluate/summary/statistics.h"
#include "evaluate/summary/summarise_numbers.h"

namespace manyshot {
namespace {

// The same unit in both runs.
struct UnitPair {
  const UnitSummary *first, *second;
  size_t queries() const { return std::min(first->correct.size(), second->correct.size()); }
  bool is_whole() const { return first->correct.size() == second->correct.size(); }
};

uint64_t count_right(const UnitSummary& unit, size_t queries) {
  return std::count(unit.correct.begin(), unit.correct.begin() + static_cast<ptrdiff_t>(queries), 1);
}

// Each query's difference, averaged over the seeds.
ComparedTable compare_table(const std::string& name, const std::vector<UnitPair>& units) {
  ComparedTable table{.name = name, .queries = units.front().queries(), .seeds = units.size()};
  for (const UnitPair& unit : units) table.queries = std::min<uint64_t>(table.queries, unit.queries());
  std::vector<double> differences(table.queries);
  uint64_t first = 0, second = 0;
  for (const UnitPair& unit : units) {
    first += count_right(*unit.first, table.queries);
    second += count_right(*unit.second, table.queries);
    for (size_t query = 0; query < table.queries; ++query)
      differences[query] += unit.second->correct[query] - unit.first->correct[query];
  }
  for (double& difference : differences) difference /= static_cast<double>(table.seeds);
  const auto answers = static_cast<double>(table.queries * table.seeds);
  table.accuracy = {.first = static_cast<double>(first) / answers,
                    .second = static_cast<double>(second) / answers,
                    .difference = (static_cast<double>(second) - static_cast<double>(first)) / answers,
                    .interval = normal_interval(differences)};
  return table;
}

// Values of tables, in both runs.
struct PairedTables {
  std::vector<double> first, second, differences;

  void add(double one, double other) {
    if (std::isnan(one) || std::isnan(other)) return;
    first.push_back(one);
    second.push_back(other);
    differences.push_back(other - one);
  }
  PairedValue mean(Bootstrap& bootstrap) const {
    return {.first = average_of(first),
            .second = average_of(second),
            .difference = average_of(differences),
            .interval = bootstrap.interval(differences)};
  }
};

double mean_metric(const std::vector<UnitPair>& units, const UnitSummary* UnitPair::*side, Metric metric) {
  std::vector<double> values;
  for (const UnitPair& unit : units) values.push_back((unit.*side)->metrics[metric]);
  return average_of(values);
}

// Whether the model's answers there are a result (summary/summarise.h).
bool has_result(const Summary& run, size_t model, uint64_t shots) {
  return std::any_of(run.averages.begin(), run.averages.end(), [&](const AverageSummary& average) {
    return average.model == model && average.shots == shots && average.tables > 0;
  });
}

using TableUnits = std::map<size_t, std::vector<UnitPair>>;  // by the first run's table

ComparedShots compare_shots(const Summary& first, uint64_t shots, const TableUnits& tables, Bootstrap& bootstrap) {
  ComparedShots result{.shots = shots};
  PairedTables accuracies;
  PerMetric<PairedTables> metrics;
  for (const auto& [table, units] : tables) {
    result.tables.push_back(compare_table(first.tables[table].name, units));
    const PairedValue& accuracy = result.tables.back().accuracy;
    accuracies.add(accuracy.first, accuracy.second);
    ++(accuracy.difference > 0 ? result.wins : accuracy.difference < 0 ? result.losses : result.ties);
    result.clear_wins += accuracy.interval.low > 0;
    result.clear_losses += accuracy.interval.high < 0;
    if (!std::all_of(units.begin(), units.end(), [](const UnitPair& unit) { return unit.is_whole(); })) continue;
    for (const Metric metric : kMetrics) {
      metrics[metric].add(mean_metric(units, &UnitPair::first, metric), mean_metric(units, &UnitPair::second, metric));
    }
  }
  for (const Metric metric : kMetrics) result.metrics[metric] = metrics[metric].mean(bootstrap);
  result.metrics[Metric::kAccuracy] = accuracies.mean(bootstrap);
  return result;
}

// Units of a table at one number of shots, the same ones in both runs.
struct NumberUnitPairs {
  std::vector<const NumberUnitSummary*> first, second;
};
using NumberTableUnits = std::map<size_t, NumberUnitPairs>;  // by the first run's table

ComparedNumberShots compare_number_shots(const Summary& first, uint64_t shots, const NumberTableUnits& tables,
                                         Bootstrap& bootstrap) {
  ComparedNumberShots result{.shots = shots};
  std::array<PairedTables, kNumberAverages.size()> metrics;
  for (const auto& [table, units] : tables) {
    const NumberAverageSummary one = mean_over_seeds(units.first), other = mean_over_seeds(units.second);
    ComparedNumberTable& compared = result.tables.emplace_back(
        ComparedNumberTable{.name = first.number_tables[table].name, .seeds = units.first.size()});
    for (size_t i = 0; i < kNumberAverages.size(); ++i) {
      const double before = one.*kNumberAverages[i].second, after = other.*kNumberAverages[i].second;
      compared.metrics[i] = {.first = before, .second = after, .difference = after - before};
      metrics[i].add(before, after);
    }
    ++(other.r2 > one.r2 ? result.better : other.r2 < one.r2 ? result.worse : result.equal);
  }
  for (size_t i = 0; i < kNumberAverages.size(); ++i) result.metrics[i] = metrics[i].mean(bootstrap);
  return result;
}

// Tables of the same bytes, target and split: places in the first run -> in the second.
std::map<size_t, size_t> pair_places(const std::vector<TableSummary>& first, const std::vector<TableSummary>& second) {
  std::map<size_t, size_t> places;
  for (size_t one = 0; one < first.size(); ++one) {
    for (size_t other = 0; other < second.size(); ++other) {
      const TableSummary &a = first[one], &b = second[other];
      if (a.hash == b.hash && a.target == b.target && a.train_rows == b.train_rows) places.emplace(one, other);
    }
  }
  return places;
}

class RunPairing {
 public:
  RunPairing(const Summary& first, const Summary& second, const std::string& first_name, const std::string& second_name)
      : first_(first), second_(second), first_name_(first_name), second_name_(second_name) {}

  RunComparison compare() {
    if (first_.run.protocol != second_.run.protocol) {
      fail(ErrorKind::kBadInput,
           "{} is by protocol \"{}\" and {} by \"{}\", which show models other rows: not comparable", first_name_,
           first_.run.protocol, second_name_, second_.run.protocol);
    }
    require_rows(first_, first_name_);
    require_rows(second_, second_name_);
    note_selection();
    pair_tables();
    for (const auto& [one, other] : pair_models()) compare_models(one, other);
    if (result_.models.empty()) {
      fail(ErrorKind::kBadInput,
           "{} and {} share no number of shots with a result on a shared table: nothing to compare", first_name_,
           second_name_);
    }
    return std::move(result_);
  }

 private:
  void pair_tables() {
    tables_ = pair_places(first_.tables, second_.tables);
    number_tables_ = pair_places(first_.number_tables, second_.number_tables);
    const size_t shared = tables_.size() + number_tables_.size();
    if (shared == 0) {
      fail(ErrorKind::kBadInput, "{} and {} share no table (of the same bytes and target): nothing to compare",
           first_name_, second_name_);
    }
    note_left_out(first_.tables.size() + first_.number_tables.size() - shared, first_name_);
    note_left_out(second_.tables.size() + second_.number_tables.size() - shared, second_name_);
  }

  static void require_rows(const Summary& run, const std::string& name) {
    const bool has_rows = std::all_of(run.units.begin(), run.units.end(), [](const UnitSummary& unit) {
      return !unit.error.empty() || unit.correct.size() == unit.metrics.rows;
    });
    if (has_rows) return;
    fail(ErrorKind::kBadInput,
         "{}: its summary.json does not say which rows were answered rightly, as an older version wrote it; run the "
         "evaluation's command again, which writes it anew",
         name);
  }

  void note_selection() {
    const Json one = first_.run.options.value("select", Json()), other = second_.run.options.value("select", Json());
    if (one != other)
      result_.notes.push_back(
          fmt::format("the labelled rows were chosen by --select {} and {}", one.dump(), other.dump()));
  }

  void note_left_out(size_t tables, const std::string& run) {
    if (tables > 0)
      result_.notes.push_back(fmt::format("{} table{} of {} left out: the other run lacks {}", tables,
                                          tables == 1 ? "" : "s", run, tables == 1 ? "it" : "them"));
  }

  // Models of one name; then what is left, where that is one on each side.
  std::vector<std::pair<size_t, size_t>> pair_models() {
    std::vector<std::pair<size_t, size_t>> pairs;
    std::vector<size_t> left_first, left_second;
    const auto place_of = [](const Summary& run, const std::string& name) {
      const auto found = std::find_if(run.models.begin(), run.models.end(),
                                      [&](const ModelSummary& model) { return model.name == name; });
      return static_cast<size_t>(found - run.models.begin());
    };
    for (size_t model = 0; model < first_.models.size(); ++model) {
      const size_t other = place_of(second_, first_.models[model].name);
      if (other < second_.models.size()) {
        pairs.emplace_back(model, other);
      } else {
        left_first.push_back(model);
      }
    }
    for (size_t model = 0; model < second_.models.size(); ++model) {
      if (place_of(first_, second_.models[model].name) == first_.models.size()) left_second.push_back(model);
    }
    std::optional<size_t> one = only_model(first_, left_first), other = only_model(second_, left_second);
    if (one && other) {
      pairs.insert(pairs.begin(), {*one, *other});
      std::erase(left_first, *one);
      std::erase(left_second, *other);
    }
    note_models(left_first, first_, first_name_);
    note_models(left_second, second_, second_name_);
    if (pairs.empty()) {
      fail(ErrorKind::kBadInput,
           "{} and {} share no model by name, and which is to be compared with which is open: evaluate one model in "
           "each",
           first_name_, second_name_);
    }
    return pairs;
  }

  // The one among `models` that is no baseline, or the one there is.
  static std::optional<size_t> only_model(const Summary& run, std::vector<size_t> models) {
    if (models.size() > 1) {
      std::erase_if(models, [&](size_t model) {
        return run.models[model].path.empty() && !run.models[model].name.starts_with("openai:");
      });
    }
    return models.size() == 1 ? std::optional(models.front()) : std::nullopt;
  }

  void note_models(const std::vector<size_t>& models, const Summary& run, const std::string& name) {
    for (const size_t model : models)
      result_.notes.push_back(fmt::format("{} is in {} alone", run.models[model].name, name));
  }

  void compare_models(size_t one, size_t other) {
    ComparedModels models{.first = first_.models[one].name, .second = second_.models[other].name};
    for (const uint64_t shots : first_.run.shots) {
      const TableUnits tables = pair_units(one, other, shots);
      if (tables.empty()) continue;
      models.shots.push_back(compare_shots(first_, shots, tables, bootstrap_));
      for (const auto& [table, units] : tables) {
        for (const UnitPair& unit : units)
          models.is_equal = models.is_equal && unit.first->correct == unit.second->correct;
      }
    }
    for (const uint64_t shots : first_.run.shots) {
      const NumberTableUnits tables = pair_number_units(one, other, shots);
      if (tables.empty()) continue;
      models.number_shots.push_back(compare_number_shots(first_, shots, tables, bootstrap_));
      for (const ComparedNumberTable& table : models.number_shots.back().tables) {
        for (const PairedValue& value : table.metrics)
          models.is_equal = models.is_equal && (value.difference == 0 || std::isnan(value.difference));
      }
    }
    if (models.shots.empty() && models.number_shots.empty()) return;
    if (models.is_equal) {
      result_.notes.push_back(fmt::format(
          "{} {} {} the same rows in both runs",
          models.first == models.second ? models.first : fmt::format("{} and {}", models.first, models.second),
          models.first == models.second ? "is" : "are",
          models.shots.empty()          ? "as wrong about"
          : models.number_shots.empty() ? "right about"
                                        : "right, and of numbers as wrong, about"));
    }
    result_.models.push_back(std::move(models));
  }

  TableUnits pair_units(size_t one, size_t other, uint64_t shots) const {
    TableUnits tables;
    if (!has_result(first_, one, shots) || !has_result(second_, other, shots)) return tables;
    for (const UnitSummary& unit : first_.units) {
      if (unit.model != one || unit.shots != shots || !tables_.contains(unit.table)) continue;
      const auto twin = std::find_if(second_.units.begin(), second_.units.end(), [&](const UnitSummary& candidate) {
        return candidate.model == other && candidate.table == tables_.at(unit.table) && candidate.shots == shots &&
               candidate.seed == unit.seed;
      });
      if (twin == second_.units.end()) continue;
      const UnitPair pair{&unit, &*twin};
      if (unit.error.empty() && twin->error.empty() && pair.queries() > 0) tables[unit.table].push_back(pair);
    }
    return tables;
  }

  NumberTableUnits pair_number_units(size_t one, size_t other, uint64_t shots) const {
    NumberTableUnits tables;
    for (const NumberUnitSummary& unit : first_.number_units) {
      if (unit.model != one || unit.shots != shots || !unit.error.empty() || !number_tables_.contains(unit.table))
        continue;
      const auto twin = std::ranges::find_if(second_.number_units, [&](const NumberUnitSummary& candidate) {
        return candidate.model == other && candidate.table == number_tables_.at(unit.table) &&
               candidate.shots == shots && candidate.seed == unit.seed && candidate.error.empty() &&
               candidate.metrics.rows == unit.metrics.rows;
      });
      if (twin == second_.number_units.end()) continue;
      tables[unit.table].first.push_back(&unit);
      tables[unit.table].second.push_back(&*twin);
    }
    return tables;
  }

  const Summary &first_, &second_;
  std::string first_name_, second_name_;
  std::map<size_t, size_t> tables_, number_tables_;
  Bootstrap bootstrap_;
  RunComparison result_;
};

Json to_json(const PairedValue& value) {
  return {{"first", value.first},
          {"second", value.second},
          {"difference", value.difference},
          {"interval", {value.interval.low, value.interval.high}}};
}

}  // namespace

RunComparison compare_runs(const Summary& first, const Summary& second, const std::string& first_name,
                           const std::string& second_name) {
  return RunPairing(first, second, first_name, second_name).compare();
}

Json to_json(const RunComparison& comparison) {
  Json json{{"models", Json::array()}, {"notes", comparison.notes}};
  for (const ComparedModels& models : comparison.models) {
    Json pair{{"first", models.first}, {"second", models.second}, {"shots", Json::array()}};
    for (const ComparedShots& shots : models.shots) {
      Json entry{{"shots", shots.shots},
                 {"wins", shots.wins},
                 {"ties", shots.ties},
                 {"losses", shots.losses},
                 {"clear_wins", shots.clear_wins},
                 {"clear_losses", shots.clear_losses},
                 {"tables", Json::array()}};
      for (const Metric metric : kMetrics) entry["metrics"][name_of(metric)] = to_json(shots.metrics[metric]);
      for (const ComparedTable& table : shots.tables) {
        entry["tables"].push_back({{"table", table.name},
                                   {"queries", table.queries},
                                   {"seeds", table.seeds},
                                   {"accuracy", to_json(table.accuracy)}});
      }
      pair["shots"].push_back(std::move(entry));
    }
    pair["number_shots"] = Json::array();
    for (const ComparedNumberShots& shots : models.number_shots) {
      Json entry{{"shots", shots.shots},
                 {"better", shots.better},
                 {"equal", shots.equal},
                 {"worse", shots.worse},
                 {"tables", Json::array()}};
      for (size_t i = 0; i < kNumberAverages.size(); ++i)
        entry["metrics"][kNumberAverages[i].first] = to_json(shots.metrics[i]);
      for (const ComparedNumberTable& table : shots.tables) {
        Json row{{"table", table.name}, {"seeds", table.seeds}};
        for (size_t i = 0; i < kNumberAverages.size(); ++i)
          row["metrics"][kNumberAverages[i].first] = to_json(table.metrics[i]);
        entry["tables"].push_back(std::move(row));
      }
      pair["number_shots"].push_back(std::move(entry));
    }
    json["models"].push_back(std::move(pair));
  }
  return json;
}

}  // namespace manyshot
