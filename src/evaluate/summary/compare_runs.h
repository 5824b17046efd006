// Two finished evaluations of the same tables, set beside each other: the same model in both, or one against another.
// Differences are the second run's value minus the first's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/summary/summary.h"

namespace manyshot {

// A value in both runs. Intervals are 95 %.
struct PairedValue {
  double first = kNotAvailable, second = kNotAvailable, difference = kNotAvailable;
  Interval interval;  // of the difference
};

// A table at one number of shots, over the seeds and the first queries that both runs have.
struct ComparedTable {
  std::string name;
  uint64_t queries = 0, seeds = 0;
  PairedValue accuracy;  // the interval is over the queries (normal approximation)
};

// All tables at one number of shots.
struct ComparedShots {
  uint64_t shots = 0;
  std::vector<ComparedTable> tables;
  // Means over the tables; bootstrap of the paired differences. Metrics other than the accuracy are over tables whose
  // queries are the same in both, and NaN without any.
  PerMetric<PairedValue> metrics;
  uint64_t wins = 0, ties = 0, losses = 0;    // tables whose accuracy is higher, equal, lower in the second
  uint64_t clear_wins = 0, clear_losses = 0;  // whose interval leaves 0 out
};

// The same of tables whose target is a number, over the seeds that both runs have.
struct ComparedNumberTable {
  std::string name;
  uint64_t seeds = 0;
  std::array<PairedValue, kNumberAverages.size()> metrics;  // without intervals
};
struct ComparedNumberShots {
  uint64_t shots = 0;
  std::vector<ComparedNumberTable> tables;
  std::array<PairedValue, kNumberAverages.size()> metrics;  // means over the tables; bootstrap
  uint64_t better = 0, equal = 0, worse = 0;                // tables, by R2
};

// A model of the first run and one of the second.
struct ComparedModels {
  std::string first, second;
  bool is_equal = true;  // right about the same rows, and as wrong about numbers, everywhere
  std::vector<ComparedShots> shots;
  std::vector<ComparedNumberShots> number_shots;
};

struct RunComparison {
  std::vector<ComparedModels> models;
  std::vector<std::string> notes;  // what the runs do not share, as sentences
};

// Pairs the models of the same name, and what is left where that is one model in each run, baselines aside. Tables are
// the same when their file's hash, target and split are. Throws Error(kBadInput) when nothing can be paired; the names
// stand for the runs in messages.
RunComparison compare_runs(const Summary& first, const Summary& second, const std::string& first_name,
                           const std::string& second_name);

Json to_json(const RunComparison& comparison);

}  // namespace manyshot
