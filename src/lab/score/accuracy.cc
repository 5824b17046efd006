#include "lab/score/accuracy.h"

#include <algorithm>
#include <map>

#include "core/rng.h"

namespace manyshot::lab {
namespace {

constexpr uint64_t kResamples = 2000;

// Values [seeds][questions] of a split's questions and the cluster of each.
struct Sampled {
  std::vector<std::vector<double>> values;
  std::vector<std::vector<uint32_t>> clusters;  // places of questions
};

double mean_of_all(const Sampled& sampled) {
  double sum = 0, count = 0;
  for (const std::vector<double>& seed : sampled.values) {
    for (const double value : seed) sum += value;
    count += static_cast<double>(seed.size());
  }
  return count > 0 ? sum / count : kNotAvailable;
}

Interval bootstrap(const Sampled& sampled) {
  const size_t num_clusters = sampled.clusters.size(), num_seeds = sampled.values.size();
  if (num_clusters < 2 || num_seeds == 0) return {};
  // Sums of each cluster and seed, so that a resample adds clusters only.
  std::vector<std::vector<double>> sums(num_seeds, std::vector<double>(num_clusters));
  for (size_t seed = 0; seed < num_seeds; ++seed) {
    for (size_t cluster = 0; cluster < num_clusters; ++cluster) {
      for (const uint32_t place : sampled.clusters[cluster]) sums[seed][cluster] += sampled.values[seed][place];
    }
  }
  const Rng rng = Rng(0).child("lab intervals");
  std::vector<double> means;
  for (uint64_t resample = 0; resample < kResamples; ++resample) {
    const Rng draw = rng.child("resample", resample);
    const Rng draw_seed = draw.child("seed"), draw_cluster = draw.child("cluster");
    double sum = 0, count = 0;
    for (size_t s = 0; s < num_seeds; ++s) {
      const auto seed = static_cast<size_t>(draw_seed.below(s, num_seeds));
      for (size_t c = 0; c < num_clusters; ++c) {
        const auto cluster = static_cast<size_t>(draw_cluster.below(c, num_clusters));
        sum += sums[seed][cluster];
        count += static_cast<double>(sampled.clusters[cluster].size());
      }
    }
    means.push_back(sum / count);
  }
  std::ranges::sort(means);
  return {.low = means[kResamples / 40], .high = means[kResamples - 1 - kResamples / 40]};
}

std::vector<std::vector<uint32_t>> clusters_of(std::span<const LabQuestion> questions,
                                               std::span<const uint32_t> places) {
  std::map<std::string, std::vector<uint32_t>> clusters;
  for (uint32_t i = 0; i < places.size(); ++i) {
    const LabQuestion& question = questions[places[i]];
    clusters[question.entities.empty() ? question.id : question.entities.front()].push_back(i);
  }
  std::vector<std::vector<uint32_t>> result;
  for (auto& [name, members] : clusters) result.push_back(std::move(members));
  return result;
}

double target_share_of(const QuestionScores& scores) {
  const auto targets = std::ranges::count_if(scores.alternatives, &AlternativeScore::was_target);
  return static_cast<double>(targets) / static_cast<double>(scores.alternatives.size());
}

SplitAccuracy measure_split(std::span<const LabQuestion> questions, std::span<const std::vector<QuestionScores>> seeds,
                            std::span<const uint32_t> places, const std::string& split) {
  SplitAccuracy result{.split = split, .questions = places.size(), .support = 0};
  const double share = 1.0 / static_cast<double>(places.size());
  for (const uint32_t place : places) {
    const LabQuestion& question = questions[place];
    result.chance +=
        share * static_cast<double>(question.gold.size()) / static_cast<double>(question.alternatives.size());
  }
  const double each = share / static_cast<double>(seeds.size());
  for (const std::vector<QuestionScores>& seed : seeds) {
    for (const uint32_t place : places) {
      const QuestionScores& scores = seed[place];
      result.support += scores.has_support ? each : 0;
      const bool gold_was_target = std::ranges::any_of(
          questions[place].gold, [&](uint32_t gold) { return scores.alternatives[gold].was_target; });
      result.gold_targets += gold_was_target ? each : 0;
      result.target_wins += scores.alternatives[scores.chosen(Measure::kSum)].was_target ? each : 0;
      result.target_share += each * target_share_of(scores);
    }
  }
  const std::vector<std::vector<uint32_t>> clusters = clusters_of(questions, places);
  for (size_t m = 0; m < kNumMeasures; ++m) {
    Sampled sampled{.values = {}, .clusters = clusters};
    for (const std::vector<QuestionScores>& seed : seeds) {
      std::vector<double>& values = sampled.values.emplace_back();
      for (const uint32_t place : places)
        values.push_back(seed[place].is_right(questions[place], static_cast<Measure>(m)) ? 1 : 0);
    }
    result.accuracy[m] = mean_of_all(sampled);
    result.interval[m] = bootstrap(sampled);
  }
  return result;
}

}  // namespace

std::vector<SplitAccuracy> split_accuracies(std::span<const LabQuestion> questions,
                                            std::span<const std::vector<QuestionScores>> seeds,
                                            const std::function<bool(size_t question)>& is_wanted) {
  if (seeds.empty()) return {};
  std::vector<std::string> splits;
  std::map<std::string, std::vector<uint32_t>> places;
  for (uint32_t i = 0; i < questions.size(); ++i) {
    if (is_wanted && !is_wanted(i)) continue;
    if (!places.contains(questions[i].split)) splits.push_back(questions[i].split);
    places[questions[i].split].push_back(i);
  }
  std::vector<SplitAccuracy> result;
  for (const std::string& split : splits) result.push_back(measure_split(questions, seeds, places[split], split));
  return result;
}

Difference accuracy_difference(std::span<const LabQuestion> questions,
                               std::span<const std::vector<QuestionScores>> first,
                               std::span<const std::vector<QuestionScores>> second, const std::string& split) {
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < questions.size(); ++i) {
    if (questions[i].split == split) places.push_back(i);
  }
  Sampled sampled{.values = {}, .clusters = clusters_of(questions, places)};
  for (size_t seed = 0; seed < std::min(first.size(), second.size()); ++seed) {
    std::vector<double>& values = sampled.values.emplace_back();
    for (const uint32_t place : places) {
      values.push_back((first[seed][place].is_right(questions[place], Measure::kSum) ? 1.0 : 0.0) -
                       (second[seed][place].is_right(questions[place], Measure::kSum) ? 1.0 : 0.0));
    }
  }
  return {.value = mean_of_all(sampled), .interval = bootstrap(sampled)};
}

}  // namespace manyshot::lab
