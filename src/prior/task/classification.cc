#include "prior/task/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"

namespace manyshot::prior {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLeastDeviation = 1e-6f;
constexpr float kLimit = 100;  // of a standardised value

bool is_finite(const Moments& moments) { return std::isfinite(moments.mean) && std::isfinite(moments.deviation); }

std::vector<uint32_t> shuffled(size_t count, const BulkRandom& bulk, uint32_t stream, std::vector<uint32_t>& words) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  words.resize(count);
  bulk.bits(stream, words.data(), count);
  // A 32-bit word times the places left: the bias is below 2^-32 times their number.
  for (size_t place = 0; place < count; ++place) {
    std::swap(order[place], order[place + static_cast<size_t>(uint64_t{words[place]} * (count - place) >> 32)]);
  }
  return order;
}

bool same_classes(const std::vector<int32_t>& labels, const std::vector<uint32_t>& order, int num_classes,
                  size_t split) {
  std::vector<uint8_t> before(static_cast<size_t>(num_classes), 0), behind(before);
  const auto label_at = [&](size_t place) { return static_cast<size_t>(labels[order.empty() ? place : order[place]]); };
  for (size_t place = 0; place < split; ++place) before[label_at(place)] = 1;
  for (size_t place = split; place < labels.size(); ++place) behind[label_at(place)] = 1;
  return before == behind && std::count(before.begin(), before.end(), 1) >= 2;
}

// Codes of one column: thresholds at n - 1 random rows; with p = 0.7 the order of the codes is lost; with p = 0.5 they
// are counted from the other end.
void categorise(float* x, size_t num_rows, const Rng& rng, ColumnInfo& info, std::string* rule) {
  Draws draws(rng);
  const auto num_levels = static_cast<int32_t>(std::max<long>(std::lrint(10 * draws.exponential()), 2));
  std::vector<float> thresholds(static_cast<size_t>(num_levels - 1));
  for (float& threshold : thresholds) threshold = x[draws.below(num_rows)];
  std::vector<int32_t> codes(num_rows);
  count_below(x, num_rows, thresholds.data(), thresholds.size(), codes.data());
  const bool ordered = draws.chance(0.3);
  int32_t present = num_levels;
  if (!ordered) present = compact_labels(num_levels, rng.child("levels"), codes);
  const bool reversed = draws.chance(0.5);
  for (size_t row = 0; row < num_rows; ++row) {
    x[row] = static_cast<float>(reversed ? num_levels - 1 - codes[row] : codes[row]);
  }
  info.kind = ordered ? ColumnKind::kOrdinal : ColumnKind::kCategorical;
  info.num_levels = num_levels;
  if (rule != nullptr) {
    *rule = fmt::format("cut into {} levels at values of random rows{}", num_levels,
                        ordered ? ", order kept" : fmt::format(", the {} present in random order", present));
  }
}

}  // namespace

int compact_labels(int limit, const Rng& rng, std::vector<int32_t>& labels) {
  std::vector<int32_t> names(static_cast<size_t>(limit), -1);
  for (const int32_t label : labels) names[static_cast<size_t>(label)] = 0;
  const auto present = static_cast<uint32_t>(std::count(names.begin(), names.end(), 0));
  const std::vector<uint32_t> order = rng.permutation(present);
  uint32_t next = 0;
  for (int32_t& name : names) {
    if (name == 0) name = static_cast<int32_t>(order[next++]);
  }
  for (int32_t& label : labels) label = names[static_cast<size_t>(label)];
  return static_cast<int>(present);
}

int threshold_labels(const float* y, size_t num_rows, const LabelRule& rule, const Rng& rng,
                     std::vector<int32_t>& labels, Notes* notes) {
  const Moments moments = column_moments(y, num_rows);
  if (!is_finite(moments)) return 0;
  std::vector<float> standardised(num_rows);
  clamp_and_scale(y, num_rows, -kInfinity, kInfinity, moments.mean, 1 / std::max(moments.deviation, kLeastDeviation),
                  kLimit, standardised.data());
  Draws draws(rng);
  std::vector<float> thresholds(static_cast<size_t>(rule.num_classes - 1));
  for (float& threshold : thresholds) {
    threshold = rule.by_rank ? standardised[draws.below(num_rows)] : static_cast<float>(draws.normal());
  }
  labels.resize(num_rows);
  count_below(standardised.data(), num_rows, thresholds.data(), thresholds.size(), labels.data());
  if (notes != nullptr) {
    std::sort(thresholds.begin(), thresholds.end());
    notes->label_rule = fmt::format("standardised, cut at {} ({}), classes in random order",
                                    short_numbers({thresholds.begin(), thresholds.end()}),
                                    rule.by_rank ? "values of random rows" : "normal draws");
  }
  return compact_labels(rule.num_classes, rng.child("order"), labels);
}

RowOrder order_rows(const std::vector<int32_t>& labels, int num_classes, size_t split, const Rng& rng) {
  RowOrder result;
  if (num_classes < 2) {
    result.rejection = Rejection::kConstantLabels;
    return result;
  }
  if (same_classes(labels, {}, num_classes, split)) return result;
  std::vector<size_t> counts(static_cast<size_t>(num_classes), 0);
  for (const int32_t label : labels) ++counts[static_cast<size_t>(label)];
  const bool possible = *std::min_element(counts.begin(), counts.end()) >= 2 &&
                        std::min(split, labels.size() - split) >= static_cast<size_t>(num_classes);
  if (possible) {
    const BulkRandom bulk(rng);
    std::vector<uint32_t> words;
    // Each order is taken of the one before it, which makes no difference in law.
    for (uint32_t attempt = 0; attempt < 10; ++attempt) {
      result.order = shuffled(labels.size(), bulk, attempt, words);
      if (same_classes(labels, result.order, num_classes, split)) return result;
    }
  }
  result.rejection = Rejection::kClassCoverage;
  return result;
}

void categorise_columns(NodeMatrix& x, size_t num_features, const Rng& rng, std::vector<ColumnInfo>& info,
                        Notes* notes) {
  Draws draws(rng);
  if (!draws.chance(0.2)) return;
  const double probability = draws.uniform();
  for (size_t feature = 0; feature < num_features; ++feature) {
    if (!draws.chance(probability)) continue;
    categorise(x.node(feature), x.num_rows(), rng.child("column", feature), info[feature],
               notes != nullptr ? &notes->feature_rules[feature] : nullptr);
  }
}

std::optional<Rejection> finish_columns(NodeMatrix& x, std::vector<ColumnInfo>& info,
                                        const std::vector<uint32_t>& order, const Rng& rng, Task& task,
                                        bool clamp_levels, Notes* notes) {
  const size_t num_rows = x.num_rows();
  std::vector<uint32_t> kept;
  std::vector<float> known;
  for (size_t feature = 0; feature < info.size(); ++feature) {
    float* values = x.node(feature);
    const float* cells = values;
    size_t count = num_rows;
    if (info[feature].missing) {
      known.clear();
      std::copy_if(values, values + num_rows, std::back_inserter(known), [](float v) { return v == v; });
      cells = known.data();
      count = known.size();
      if (count < 2) continue;
    }
    const Moments all = column_moments(cells, count);
    if (!is_finite(all)) return Rejection::kNotFinite;
    const bool clamped_at_all = clamp_levels || info[feature].num_levels == 0;
    const float reach = clamped_at_all ? 4 * std::max(all.deviation, kLeastDeviation) : kInfinity;
    Moments inner = moments_within(cells, count, all.mean - reach, all.mean + reach);
    if (!is_finite(inner)) return Rejection::kNotFinite;
    const float inner_reach = clamped_at_all ? 4 * std::max(inner.deviation, kLeastDeviation) : kInfinity;
    const float low = inner.mean - inner_reach;
    const float high = inner.mean + inner_reach;
    // Moments of the clamped values; the clamp rarely moves one.
    const Extremes extremes = column_extremes(cells, count);
    Moments last = all;
    if (extremes.low < low || extremes.high > high) {
      std::vector<float> clamped(cells, cells + count);
      for (float& value : clamped) value = std::clamp(value, low, high);
      last = column_moments(clamped.data(), count);
    }
    const float deviation = std::max(last.deviation, kLeastDeviation);
    const auto standardise = [&](float* to) {
      clamp_and_scale(to, num_rows, low, high, last.mean, 1 / deviation, kLimit, to);
    };
    if (info[feature].missing) {
      for (size_t row = 0; row < num_rows; ++row) {
        if (values[row] == values[row])
          values[row] = std::clamp((std::clamp(values[row], low, high) - last.mean) / deviation, -kLimit, kLimit);
      }
    } else {
      standardise(values);
    }
    info[feature].offset = last.mean;
    info[feature].scale = deviation;
    const float least = std::clamp((std::max(extremes.low, low) - last.mean) / deviation, -kLimit, kLimit);
    const float most = std::clamp((std::min(extremes.high, high) - last.mean) / deviation, -kLimit, kLimit);
    if (least < most) kept.push_back(static_cast<uint32_t>(feature));
  }
  if (kept.empty()) return Rejection::kNoColumns;

  const std::vector<uint32_t> places = rng.permutation(static_cast<uint32_t>(kept.size()));
  std::vector<std::string> names;
  if (notes != nullptr) {
    names.assign(info.size(), "a dropped column");
    for (size_t column = 0; column < kept.size(); ++column) names[kept[places[column]]] = fmt::format("x{}", column);
    notes->label_rule = with_column_names(notes->label_rule, names);
  }
  task.num_rows = num_rows;
  task.columns.resize(kept.size() * num_rows);
  task.info.clear();
  for (size_t column = 0; column < kept.size(); ++column) {
    const uint32_t feature = kept[places[column]];
    const float* values = x.node(feature);
    float* to = task.columns.data() + column * num_rows;
    if (order.empty()) {
      std::copy(values, values + num_rows, to);
    } else {
      for (size_t row = 0; row < num_rows; ++row) to[row] = values[order[row]];
    }
    task.info.push_back(info[feature]);
    if (notes != nullptr) {
      notes->column_sources.push_back(notes->feature_sources[feature]);
      notes->column_rules.push_back(with_column_names(notes->feature_rules[feature], names));
    }
  }
  return std::nullopt;
}

void finish_labels(const std::vector<int32_t>& labels, int num_classes, const std::vector<uint32_t>& order,
                   Task& task) {
  task.num_classes = num_classes;
  task.labels.resize(labels.size());
  for (size_t row = 0; row < labels.size(); ++row) task.labels[row] = labels[order.empty() ? row : order[row]];
}

}  // namespace manyshot::prior
