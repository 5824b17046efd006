#include "evaluate/evaluation.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <set>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/text.h"
#include "evaluate/endpoint/concurrent_requests.h"
#include "evaluate/run_unit.h"
#include "predict/auto_method.h"
#include "predict/number_baselines.h"

namespace manyshot {
namespace {

constexpr uint64_t kLargestSeed = UINT32_MAX;  // NumPy's generator takes no larger one

// The numbers sorted, each once. Refuses those below `low` and those that no generator takes.
std::vector<uint64_t> sorted(const char* option, const std::vector<uint64_t>& numbers, uint64_t low) {
  for (const uint64_t number : numbers) {
    if (number < low || number > kLargestSeed)
      refuse_option(option, "expected whole numbers from {} to {}, got {}", low, kLargestSeed, number);
  }
  if (numbers.empty()) refuse_option(option, "at least one number is needed");
  const std::set<uint64_t> each(numbers.begin(), numbers.end());
  return {each.begin(), each.end()};
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string choose_baseline(const std::vector<EvaluatedModel>& models, const std::optional<std::string>& asked) {
  if (!asked) {
    const std::string forest = forest_among(models);
    return forest.empty() ? models.front().spelling : forest;
  }
  std::vector<std::string> names;
  for (const EvaluatedModel& model : models) names.push_back(model.spelling);
  if (std::find(names.begin(), names.end(), *asked) != names.end()) return *asked;
  refuse_option("baseline", "\"{}\" is not among the models{}; they are {}", *asked, did_you_mean(*asked, names),
                list_names(names));
}

}  // namespace

Evaluation::Evaluation(const EvaluateOptions& options, const std::string& version, const EvaluationPlaces& places)
    : options_(options),
      version_(version),
      shots_(sorted("shots", options.shots, 1)),
      seeds_(sorted("seeds", options.seeds, 0)),
      shard_(parse_shard(options.shard)) {
  if (options_.models.empty()) refuse_option("models", "at least one model is needed");
  models_ = find_models(options_.models, options_.method, options_.endpoint);
  options_.baseline = choose_baseline(models_, options_.baseline);
  keep_tables(places.read_tables());
  list_units();
  warn_of_idle_models();
  finished_ = places.open_units();
  for (const EvaluatedModel& model : models_) finished_->check_hash("model", model.spelling, model.hash);
  for (const EvaluationTable& table : tables_) {
    // Results of the same file with its numbers as classes are others.
    finished_->check_hash("table", table.name, (table.is_number() ? "numbers " : "") + table.hash);
  }
}

void Evaluation::keep_tables(EvaluationTables tables) {
  for (EvaluationTable& table : tables.tables) {
    splits_.push_back(train_test_split(static_cast<uint32_t>(table.num_rows())));
    summary_places_.push_back(static_cast<size_t>(std::ranges::count_if(
        tables_, [&](const EvaluationTable& before) { return before.is_number() == table.is_number(); })));
    tables_.push_back(std::move(table));
  }
  skipped_tables_ = std::move(tables.skipped);
}

void Evaluation::list_units() {
  for (size_t table = 0; table < tables_.size(); ++table) {
    for (const uint64_t shots : shots_) {
      if (shots > splits_[table].train.size() && !tables_[table].is_number())
        short_tables_.push_back({.table = summary_places_[table], .shots = shots});
    }
  }
  for (size_t model = 0; model < models_.size(); ++model) {
    for (size_t table = 0; table < tables_.size(); ++table) {
      for (const uint64_t shots : shots_) {
        if (shots > splits_[table].train.size() || !fits(models_[model], tables_[table])) continue;
        for (const uint64_t seed : seeds_) units_.push_back({model, table, shots, seed});
      }
    }
  }
}

bool Evaluation::fits(const EvaluatedModel& model, const EvaluationTable& table) {
  return table.is_number() ? model.predicts_numbers : model.predicts_classes;
}

void Evaluation::warn_of_idle_models() const {
  for (const EvaluatedModel& model : models_) {
    if (std::ranges::any_of(tables_, [&](const EvaluationTable& table) { return fits(model, table); })) continue;
    log::warning("{} predicts {}, and no table asks for them: it has nothing to do", model.spelling,
                 model.predicts_numbers ? "numbers" : "classes");
  }
  for (const EvaluationTable& table : tables_) {
    if (std::ranges::any_of(models_, [&](const EvaluatedModel& model) { return fits(model, table); })) continue;
    log::warning("{}: none of the models predicts {}; {}", table.path, table.is_number() ? "numbers" : "classes",
                 table.is_number()
                     ? fmt::format("add some of {}, or take each number as a class: --task classification",
                                   list_names(number_baseline_names()))
                     : "add one that does");
  }
}

UnitKey Evaluation::key_of(const Unit& unit) const {
  return {
      .model = models_[unit.model].spelling, .table = tables_[unit.table].name, .shots = unit.shots, .seed = unit.seed};
}

TaskPlan Evaluation::plan_of(const Unit& unit) const {
  return plan_task(tables_[unit.table], splits_[unit.table], options_.protocol, unit.shots, unit.seed);
}

std::vector<size_t> Evaluation::missing_units() {
  std::vector<size_t> missing;
  for (size_t place = 0; place < units_.size(); ++place) {
    if (place % shard_.count == shard_.index && !finished_->is_finished(key_of(units_[place])))
      missing.push_back(place);
  }
  return missing;
}

void Evaluation::do_unit(const Unit& unit, const OpenModel& open) {
  const EvaluatedModel& model = models_[unit.model];
  const EvaluationTable& table = tables_[unit.table];
  UnitRecord record = table.is_number()
                          ? run_number_unit(model, *open.numbers, table, plan_of(unit), unit.shots, unit.seed)
                          : run_unit(model, *open.classes, table, plan_of(unit), unit.shots, unit.seed);
  record.finished = utc_now();
  finished_->add(record);
}

// Cells of the table that a model reads for a unit, labelled rows anew for every context: its time grows with them.
uint64_t Evaluation::cells_of(const Unit& unit) const {
  const uint64_t queries =
      std::min<uint64_t>(splits_[unit.table].test.size(), options_.protocol.max_queries.value_or(UINT64_MAX));
  const uint64_t contexts =
      options_.protocol.kind == Protocol::kPaper ? (queries + kQueriesPerContext - 1) / kQueriesPerContext : 1;
  return (contexts * unit.shots + queries) * tables_[unit.table].features.columns.size();
}

uint64_t Evaluation::run() {
  const std::vector<size_t> missing = missing_units();
  std::map<size_t, std::vector<const Unit*>> by_model;
  for (const size_t place : missing) by_model[units_[place].model].push_back(&units_[place]);
  std::vector<size_t> order;
  for (const auto& [model, units] : by_model) order.push_back(model);
  // Baselines first, endpoints last: an evaluation that is stopped has something to compare with.
  const auto rank = [&](size_t model) {
    return models_[model].is_endpoint ? 2 : models_[model].single_threaded ? 0 : 1;
  };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rank(a) < rank(b); });
  for (size_t i = 0; i < order.size(); ++i) {
    // One model at a time: models differ a thousandfold in what a cell costs them, so each has its own estimate.
    const std::string place = order.size() == 1 ? "" : fmt::format(" ({} of {})", i + 1, order.size());
    do_units(order[i], by_model[order[i]], "evaluate " + models_[order[i]].spelling + place);
  }
  return missing.size();
}

void Evaluation::do_units(size_t model, const std::vector<const Unit*>& units, const std::string& label) {
  uint64_t cells = 0;
  for (const Unit* unit : units) cells += cells_of(*unit);
  const auto is_number = [&](const Unit* unit) { return tables_[unit->table].is_number(); };
  OpenModel open;
  if (!std::ranges::all_of(units, is_number)) open.classes = open_model(models_[model], options_.seed);
  if (std::ranges::any_of(units, is_number)) {
    const EvaluatedModel& asked = models_[model];
    const bool has_name = asked.path.empty() || asked.name == kAuto;
    open.numbers = open_number_method(has_name ? asked.name : asked.path, asked.options, options_.seed);
  }
  Progress progress(label, cells, "cells");
  const auto do_one = [&](const Unit& unit) {
    do_unit(unit, open);
    progress.add(cells_of(unit));
  };
  if (models_[model].is_endpoint) {
    run_concurrently(units.size(), static_cast<size_t>(options_.endpoint.concurrency),
                     [&](size_t i, std::stop_token) { do_one(*units[i]); });
  } else if (models_[model].single_threaded) {
    parallel_for(units.size(), [&](size_t i, int) { do_one(*units[i]); });
  } else {
    for (const Unit* unit : units) do_one(*unit);
  }
}

void Evaluation::visit_predictions(const Visit& visit) {
  for (const Unit& unit : units_) {
    check_interrupted();
    const std::optional<UnitRecord> record = finished_->find(key_of(unit));
    if (record && record->error.empty()) visit(tables_[unit.table], *record);
  }
}

}  // namespace manyshot
