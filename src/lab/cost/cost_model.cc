#include "lab/cost/cost_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text.h"

namespace manyshot::lab {
namespace {

const WayCost* find(const std::vector<WayCost>& ways, const std::string& name) {
  const auto found = std::ranges::find(ways, name, &WayCost::name);
  return found == ways.end() ? nullptr : &*found;
}

std::string questions_text(double questions) {
  if (questions < 1e15) return with_thousands(std::llround(std::ceil(questions)));
  return fmt::format("{:.2g}", questions);
}

}  // namespace

double CostSizes::trained_tokens() const { return training_tokens > 0 ? training_tokens : passes * document_tokens; }

std::optional<double> CostTable::break_even(const std::string& way, const std::string& other) const {
  const WayCost* mine = find(ways, way);
  const WayCost* theirs = find(ways, other);
  if (mine == nullptr || theirs == nullptr) return std::nullopt;
  const double extra = mine->once - theirs->once, saved = theirs->question - mine->question;
  if (extra <= 0 && saved >= 0) return 0;
  if (saved <= 0) return std::nullopt;
  return std::max(0.0, extra / saved);
}

const WayCost& CostTable::cheapest(double questions) const {
  return *std::ranges::min_element(ways, {}, [&](const WayCost& way) { return way.once + questions * way.question; });
}

CostTable flop_costs(const CostSizes& sizes) {
  const double parameters = sizes.parameters, length = sizes.document_tokens, question = sizes.question_tokens;
  const double attention = static_cast<double>(sizes.layers) * sizes.hidden_size;
  const double per_trained = (sizes.lora ? 4 : 6) * parameters;
  const double trained = sizes.trained_tokens();
  const double tuned = 2 * parameters * question;
  const double read = 2 * parameters * length + 2 * attention * length * length;
  CostTable costs{.quantity = "computation", .unit = "FLOPs"};
  costs.ways.push_back({kFineTuned, per_trained * trained, tuned});
  if (sizes.augment_read + sizes.augment_written > 0) {
    const double written = 2 * parameters * (sizes.augment_read + sizes.augment_written);
    const double more = sizes.training_tokens > 0 ? 0 : per_trained * sizes.passes * sizes.augment_written;
    costs.ways.push_back({kAugmentedTuned, written + per_trained * trained + more, tuned});
  }
  costs.ways.push_back({kCold, 0, read + tuned});
  costs.ways.push_back({kCached, read, tuned + 4 * attention * length * question});
  return costs;
}

CostTable money_costs(const CostSizes& sizes, const CostPrices& prices) {
  constexpr double kMillion = 1e6;
  const double input = prices.price_input / kMillion;
  const double tuned_input = prices.price_tuned_input > 0 ? prices.price_tuned_input / kMillion : input;
  const double training = prices.price_training / kMillion;
  const double trained = sizes.trained_tokens();
  CostTable costs{.quantity = "money", .unit = ""};
  costs.ways.push_back({kFineTuned, training * trained, tuned_input * sizes.question_tokens});
  if (sizes.augment_read + sizes.augment_written > 0) {
    const double written = input * sizes.augment_read + prices.price_output / kMillion * sizes.augment_written;
    const double more = sizes.training_tokens > 0 ? 0 : training * sizes.passes * sizes.augment_written;
    costs.ways.push_back({kAugmentedTuned, written + training * trained + more, tuned_input * sizes.question_tokens});
  }
  costs.ways.push_back({kCold, 0, input * (sizes.document_tokens + sizes.question_tokens)});
  costs.ways.push_back({kCached, input * sizes.document_tokens,
                        prices.price_cached / kMillion * sizes.document_tokens + input * sizes.question_tokens});
  return costs;
}

CostTable second_costs(const MeasuredSeconds& measured) {
  CostTable costs{.quantity = "time", .unit = "s"};
  if (measured.training > 0) costs.ways.push_back({kFineTuned, measured.training, measured.tuned_question});
  if (measured.augmented_training > 0) {
    costs.ways.push_back(
        {kAugmentedTuned, measured.augmentation + measured.augmented_training, measured.tuned_question});
  }
  if (measured.context_first > 0) {
    costs.ways.push_back({kCold, 0, measured.context_first + measured.cached_question});
    costs.ways.push_back({kCached, measured.context_first, measured.cached_question});
  }
  return costs;
}

double cache_bytes(const CostSizes& sizes) {
  return 2.0 * sizes.layers * sizes.key_value_size * sizes.document_tokens * 2;
}

std::vector<std::string> recommendation(const CostTable& costs, double questions) {
  std::vector<std::string> sentences;
  for (const char* way : {kFineTuned, kAugmentedTuned}) {
    for (const char* other : {kCold, kCached}) {
      if (find(costs.ways, way) == nullptr || find(costs.ways, other) == nullptr) continue;
      const std::optional<double> point = costs.break_even(way, other);
      sentences.push_back(point ? fmt::format("By {}, {} is cheaper than {} from {} questions on.", costs.quantity, way,
                                              other, questions_text(*point))
                                : fmt::format("By {}, {} never pays against {}.", costs.quantity, way, other));
    }
  }
  if (questions <= 0 || costs.ways.empty()) return sentences;
  const WayCost& best = costs.cheapest(questions);
  sentences.push_back(fmt::format("For {} questions until the documents change, {} is cheapest by {}.",
                                  questions_text(questions), best.name, costs.quantity));
  for (const double factor : {0.1, 10.0}) {
    const WayCost& then = costs.cheapest(questions * factor);
    if (then.name != best.name)
      sentences.push_back(
          fmt::format("With {} of them it would be {}.", questions_text(questions * factor), then.name));
  }
  return sentences;
}

Json to_json(const CostTable& costs) {
  Json ways = Json::array();
  for (const WayCost& way : costs.ways)
    ways.push_back({{"name", way.name}, {"once", way.once}, {"question", way.question}});
  Json points = Json::array();
  for (const char* way : {kFineTuned, kAugmentedTuned}) {
    for (const char* other : {kCold, kCached}) {
      if (find(costs.ways, way) == nullptr || find(costs.ways, other) == nullptr) continue;
      const std::optional<double> point = costs.break_even(way, other);
      points.push_back({{"way", way}, {"other", other}, {"questions", point ? Json(*point) : Json()}});
    }
  }
  return {{"quantity", costs.quantity}, {"unit", costs.unit}, {"ways", ways}, {"break_even", points}};
}

}  // namespace manyshot::lab
