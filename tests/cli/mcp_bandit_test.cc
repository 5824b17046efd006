// An agent that chooses by predict_outcome, through the real door: manyshot mcp as a process. In a world of its own
// rule it does better the more it remembers, and better than the same agent that remembers nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include "core/rng.h"
#include "support/mcp_client.h"

namespace manyshot {
namespace {

using Json = McpClient::Json;

constexpr int kSteps = 300, kPart = 60, kSeeds = 6;
constexpr std::array kActions{"retry", "reroute", "cache", "wait"};
constexpr std::array kRegions{"north", "south", "east", "west"};
constexpr std::array kDevices{"phone", "laptop", "sensor"};

// Situations, and the hidden rule: under a heavy load the region decides which action is right, else the device.
class World {
 public:
  explicit World(uint64_t seed) : rng_(Rng(seed).child("world")) {
    for (size_t i = 0; i < right_by_region_.size(); ++i)
      right_by_region_[i] = rng_.child("region").below(i, kActions.size());
    for (size_t i = 0; i < right_by_device_.size(); ++i)
      right_by_device_[i] = rng_.child("device").below(i, kActions.size());
  }
  Json situation(int step) const {
    return {{"region", kRegions[region(step)]},
            {"device", kDevices[device(step)]},
            {"load", std::round(1000 * load(step)) / 1000},
            {"hour", rng_.child("hour").below(static_cast<uint64_t>(step), 24)}};
  }
  bool succeeds(int step, size_t action) const {
    const size_t right = load(step) > 0.5 ? right_by_region_[region(step)] : right_by_device_[device(step)];
    return rng_.child("luck").uniform(static_cast<uint64_t>(step)) < (action == right ? 0.9 : 0.15);
  }

 private:
  size_t region(int step) const { return rng_.child("at").below(static_cast<uint64_t>(step), kRegions.size()); }
  size_t device(int step) const { return rng_.child("by").below(static_cast<uint64_t>(step), kDevices.size()); }
  double load(int step) const { return rng_.child("load").uniform(static_cast<uint64_t>(step)); }

  Rng rng_;
  std::array<size_t, kRegions.size()> right_by_region_{};
  std::array<size_t, kDevices.size()> right_by_device_{};
};

// What was chosen, and the probability of success that it was told to have, where a model knew one.
struct Choice {
  size_t action;
  std::optional<double> success;
};

// The action that success is likeliest with; one at random where nothing is known, and in a tenth of the steps.
Choice choose(McpClient& client, const Json& situation, const Rng& rng, int step) {
  const auto place = static_cast<uint64_t>(step);
  Json alternatives = Json::array();
  for (const char* action : kActions) alternatives.push_back({{"action", action}});
  const Json answer = client.call_data(
      "predict_outcome",
      {{"collection", "attempts"}, {"fields", situation}, {"alternatives", alternatives}, {"ensemble", 1}});
  const size_t any = rng.child("any").below(place, kActions.size());
  if (answer["basis"] != "model") return {any, std::nullopt};
  const auto success = [&](size_t action) {
    return answer["predictions"][action]["probabilities"]["true"].get<double>();
  };
  if (rng.child("explores").uniform(place) < 0.1) return {any, success(any)};
  size_t best = any;
  for (size_t action = 0; action < kActions.size(); ++action) {
    if (success(action) > success(best)) best = action;
  }
  return {best, success(best)};
}

// How probabilities came true, over steps of which a model knew one.
struct Calibration {
  double steps = 0, told = 0, came_true = 0, log_loss = 0;

  void add(double probability, bool success) {
    ++steps;
    told += probability;
    came_true += success ? 1 : 0;
    log_loss -= std::log(std::max(1e-6, success ? probability : 1 - probability));
  }
};

// Whether each step succeeded.
std::vector<bool> live(uint64_t seed, bool remembers, Calibration& calibration) {
  const TemporaryFolder folder;
  McpClient client({"--root", folder.path(), "--memory", folder / "agent.memory", "--threads", "1"});
  const World world(seed);
  const Rng rng = Rng(seed).child("agent");
  std::vector<bool> successes;
  for (int step = 0; step < kSteps; ++step) {
    const Json situation = world.situation(step);
    const auto [action, success] = choose(client, situation, rng, step);
    successes.push_back(world.succeeds(step, action));
    if (success) calibration.add(*success, successes.back());
    if (!remembers) continue;
    Json fields = situation;
    fields["action"] = kActions[action];
    client.call_data("remember", {{"collection", "attempts"}, {"fields", fields}, {"outcome", successes.back()}});
  }
  EXPECT_EQ(client.finish(), 0);
  return successes;
}

double rate(const std::vector<bool>& successes, int begin, int end) {
  return static_cast<double>(std::count(successes.begin() + begin, successes.begin() + end, true)) / (end - begin);
}

struct Interval {
  double mean, half;
};
// 95 % of the mean of six differences, by Student's t.
Interval interval_of(const std::vector<double>& differences) {
  static_assert(kSeeds == 6);
  constexpr double kQuantile = 2.571;  // of 5 degrees of freedom
  const auto count = static_cast<double>(differences.size());
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / count;
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  return {mean, kQuantile * std::sqrt(squares / (count - 1) / count)};
}

TEST(McpBandit, MemoryRaisesTheSuccessRate) {
  std::vector<double> gains, rises;
  Calibration calibration;
  std::array<double, kSteps / kPart> with{}, without{};
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<bool> remembering = live(seed, true, calibration), forgetting = live(seed, false, calibration);
    gains.push_back(rate(remembering, 0, kSteps) - rate(forgetting, 0, kSteps));
    rises.push_back(rate(remembering, kSteps - kPart, kSteps) - rate(remembering, 0, kPart));
    for (int part = 0; part < kSteps / kPart; ++part) {
      with[static_cast<size_t>(part)] += rate(remembering, part * kPart, (part + 1) * kPart) / kSeeds;
      without[static_cast<size_t>(part)] += rate(forgetting, part * kPart, (part + 1) * kPart) / kSeeds;
    }
  }
  for (int part = 0; part < kSteps / kPart; ++part) {
    fmt::print("steps {:3} to {:3}: {:.3f} with memory, {:.3f} without\n", part * kPart + 1, (part + 1) * kPart,
               with[static_cast<size_t>(part)], without[static_cast<size_t>(part)]);
  }
  const Interval gain = interval_of(gains), rise = interval_of(rises);
  fmt::print("memory adds {:.3f} ± {:.3f} over all steps; the last {} against the first: {:+.3f} ± {:.3f}\n", gain.mean,
             gain.half, kPart, rise.mean, rise.half);
  const double told = calibration.told / calibration.steps, came_true = calibration.came_true / calibration.steps;
  const double base_rate_loss = -came_true * std::log(came_true) - (1 - came_true) * std::log(1 - came_true);
  fmt::print("probabilities of success: {:.3f} told, {:.3f} came true; log loss {:.3f}, of the base rate {:.3f}\n",
             told, came_true, calibration.log_loss / calibration.steps, base_rate_loss);
  std::fflush(stdout);
  EXPECT_GT(gain.mean - gain.half, 0.05);
  EXPECT_GT(rise.mean - rise.half, 0);
  EXPECT_NEAR(told, came_true, 0.1);
  EXPECT_LT(calibration.log_loss / calibration.steps, base_rate_loss);
}

}  // namespace
}  // namespace manyshot
