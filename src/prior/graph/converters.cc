#include "prior/graph/converters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "prior/random/column_loops.h"
#include "prior/task/notes.h"

namespace manyshot::prior {
namespace {

std::vector<uint32_t> order_of(const float* x, size_t count) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return x[a] < x[b]; });
  return order;
}

// `count` draws of a law, and the law in words.
std::string sample_marginal(Marginal marginal, CorrelatedDraws& draws, std::vector<float>& sample) {
  Draws& plain = draws.plain();
  const size_t count = sample.size();
  const auto normals = [&] { draws.bulk().normal(0, 0, 1, sample.data(), count); };
  switch (marginal) {
    case Marginal::kNormal:
      normals();
      return "N(0, 1)";
    case Marginal::kHeavyTailed: {
      normals();
      if (plain.chance(0.5)) {
        const double sigma = plain.log_uniform(0.4, 2);
        for (float& v : sample) v = std::exp(static_cast<float>(sigma) * v);
        return fmt::format("lognormal, sigma {}", short_number(sigma));
      }
      const auto degrees = static_cast<size_t>(plain.between(1, 5));
      std::vector<float> squares(count, 0.0f), z(count);
      for (size_t i = 0; i < degrees; ++i) {
        draws.bulk().normal(0, 0, 1, z.data(), count);
        for (size_t row = 0; row < count; ++row) squares[row] += z[row] * z[row];
      }
      for (size_t row = 0; row < count; ++row)
        sample[row] /= std::sqrt(squares[row] / static_cast<float>(degrees) + 1e-6f);
      return fmt::format("Student t, {} degrees of freedom", degrees);
    }
    case Marginal::kUniform:
      draws.bulk().uniform(0, 0, 1, sample.data(), count);
      return "U(0, 1)";
    case Marginal::kMultimodal: {
      normals();
      const auto num_modes = static_cast<size_t>(plain.between(2, 4));
      const std::vector<float> weights = draws.weights(num_modes);
      const std::vector<double> shares(weights.begin(), weights.end());
      std::vector<float> centres(num_modes), widths(num_modes);
      for (size_t mode = 0; mode < num_modes; ++mode) {
        centres[mode] = static_cast<float>(5 * plain.normal());
        widths[mode] = static_cast<float>(plain.log_uniform(0.1, 1.5));
      }
      for (float& v : sample) {
        const size_t mode = plain.weighted(shares);
        v = centres[mode] + widths[mode] * v;
      }
      return fmt::format("mixture of {} normals", num_modes);
    }
    case Marginal::kZeroInflated: {
      normals();
      const double zeros = plain.uniform(0.2, 0.8), sigma = plain.log_uniform(0.3, 1.5);
      for (float& v : sample) v = plain.chance(zeros) ? 0.0f : std::exp(static_cast<float>(sigma) * v);
      return fmt::format("0 with probability {:.2f}, else lognormal, sigma {}", zeros, short_number(sigma));
    }
    case Marginal::kCounts: {
      // Poisson with a rate that is itself gamma-like: counts with more spread than Poisson's.
      const double mean = plain.log_uniform(0.5, 50), spread = plain.chance(0.5) ? 0.0 : plain.log_uniform(0.1, 1);
      normals();
      for (float& v : sample) {
        const double rate = mean * std::exp(spread * v - spread * spread / 2);
        double left = plain.exponential();
        int number = 0;
        for (; left < rate && number < 10'000; ++number) left += plain.exponential();
        v = static_cast<float>(number);
      }
      return fmt::format("counts, mean {}{}", short_number(mean),
                         spread > 0 ? fmt::format(", log-rate spread {}", short_number(spread)) : "");
    }
    default: {  // kOrdinal
      const auto num_levels = static_cast<size_t>(plain.between(3, 10));
      const std::vector<float> weights = draws.weights(num_levels);
      std::vector<double> shares(weights.begin(), weights.end());
      for (double& share : shares) share += 0.02;
      for (float& v : sample) v = static_cast<float>(plain.weighted(shares));
      return fmt::format("{} ordered levels", num_levels);
    }
  }
}

// Children see the level's number in every dimension.
void show_index(const std::vector<uint32_t>& levels, NodeMatrix& slice) {
  for (size_t node = 0; node < slice.num_nodes(); ++node) std::copy(levels.begin(), levels.end(), slice.node(node));
}

// Children see the level's point: row points[level] of `from`, which may be the slice itself.
void show_points(const NodeMatrix& from, const std::vector<uint32_t>& points, const std::vector<uint32_t>& levels,
                 NodeMatrix& slice) {
  std::vector<float> of_level(points.size());
  for (size_t node = 0; node < slice.num_nodes(); ++node) {
    for (size_t level = 0; level < points.size(); ++level) of_level[level] = from.node(node)[points[level]];
    for (size_t row = 0; row < slice.num_rows(); ++row) slice.node(node)[row] = of_level[levels[row]];
  }
}

// The largest of scores with Gumbel noise, which is a draw from their softmax (Gumbel 1954). `scores`: a column for
// each level, standardised here.
void draw_by_scores(double sharpness, const std::vector<float>& offsets, const BulkRandom& bulk, NodeMatrix& scores,
                    std::vector<uint32_t>& levels) {
  const size_t num_rows = scores.num_rows();
  std::vector<float> best(num_rows, -std::numeric_limits<float>::infinity()), noise(num_rows);
  for (size_t level = 0; level < offsets.size(); ++level) {
    float* of_level = scores.node(level);
    standardise(of_level, num_rows);
    bulk.uniform(static_cast<uint32_t>(level), 1e-7f, 1, noise.data(), num_rows);
    for (size_t row = 0; row < num_rows; ++row) {
      const float score =
          static_cast<float>(sharpness) * of_level[row] + offsets[level] - std::log(-std::log(noise[row]));
      if (score > best[row]) best[row] = score, levels[row] = static_cast<uint32_t>(level);
    }
  }
}

}  // namespace

Converter draw_numeric_converter(CorrelatedDraws& draws) {
  Converter converter;
  if (draws.plain().chance(0.5)) {
    converter.marginal = draws.plain().chance(0.5) ? Marginal::kIdentity : Marginal::kKumaraswamy;
  } else {
    converter.marginal = static_cast<Marginal>(2 + draws.plain().below(kNumMarginals - 2));
  }
  if (converter.marginal == Marginal::kCounts) converter.kind = ColumnKind::kInteger;
  if (converter.marginal == Marginal::kOrdinal) converter.kind = ColumnKind::kOrdinal;
  return converter;
}

LevelRule draw_level_rule(bool is_label, Draws& draws) {
  if (is_label && draws.chance(0.4))
    return static_cast<LevelRule>(kNumNativeRules + draws.below(kNumLevelRules - kNumNativeRules));
  return static_cast<LevelRule>(draws.below(kNumNativeRules));
}

Converter draw_level_converter(LevelRule rule, int num_levels, CorrelatedDraws& draws) {
  Converter converter;
  converter.kind = ColumnKind::kCategorical;
  converter.rule = rule;
  converter.num_levels = num_levels;
  const int64_t c = num_levels;
  if (rule <= LevelRule::kNeighbourIndex) {
    const bool full = c < 3 || draws.plain().chance(0.5);
    converter.num_dimensions = static_cast<size_t>(full ? c : draws.log_integer("slice", 1, c - 1));
  } else if (rule <= LevelRule::kSoftmaxIndex) {
    converter.num_dimensions = static_cast<size_t>(c);
  } else if (rule == LevelRule::kArgMax || rule == LevelRule::kTree) {
    converter.num_dimensions = static_cast<size_t>(draws.log_integer("slice of scores", 1, 8));
  }
  return converter;
}

void Converters::convert(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                         std::vector<float>& values, ColumnInfo& info, std::string* text) {
  values.resize(slice.num_rows());
  info = {};
  info.kind = converter.kind;
  if (converter.kind == ColumnKind::kCategorical) {
    info.num_levels = converter.num_levels;
    convert_levels(converter, draws, slice, values, text);
  } else {
    convert_number(converter, draws, slice, values, info, text);
  }
}

void Converters::convert_number(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                std::vector<float>& values, ColumnInfo& info, std::string* text) {
  const size_t num_rows = slice.num_rows();
  float* x = slice.node(0);
  std::copy_n(x, num_rows, values.data());
  if (converter.marginal == Marginal::kIdentity) {
    if (text != nullptr) *text = "as it is";
    return;
  }
  if (converter.marginal == Marginal::kKumaraswamy) {
    const double a = draws.log_number("kumaraswamy", 0.2, 5), b = draws.log_number("kumaraswamy", 0.2, 5);
    const Extremes extremes = column_extremes(x, num_rows);
    const float range = std::max(extremes.high - extremes.low, 1e-20f);
    for (float& v : values) {
      const double unit = std::clamp((v - extremes.low) / range, 0.0f, 1.0f);
      v = static_cast<float>(1 - std::pow(1 - std::pow(unit, a), b));
    }
    if (text != nullptr) *text = fmt::format("scaled to [0, 1], 1 - (1 - x^{})^{}", short_number(a), short_number(b));
  } else {
    std::vector<float> sample(num_rows);
    const std::string law = sample_marginal(converter.marginal, draws, sample);
    std::sort(sample.begin(), sample.end());
    const std::vector<uint32_t> order = order_of(x, num_rows);
    // Equal values of the node get one value.
    for (size_t place = 0; place < num_rows; ++place) {
      const bool tied = place > 0 && x[order[place]] == x[order[place - 1]];
      values[order[place]] = tied ? values[order[place - 1]] : sample[place];
    }
    if (converter.marginal == Marginal::kOrdinal) info.num_levels = static_cast<int32_t>(sample.back()) + 1;
    if (text != nullptr) *text = "by rank to " + law;
  }
  // Children see the column or what was there, as the column is not always the cause.
  if (draws.plain().chance(0.5)) {
    std::copy(values.begin(), values.end(), x);
    if (!standardise(x, num_rows)) std::copy(values.begin(), values.end(), x);
  }
}

void Converters::convert_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                std::vector<float>& values, std::string* text) {
  std::vector<uint32_t> levels(slice.num_rows());
  std::string how;
  if (converter.rule <= LevelRule::kNeighbourIndex) {
    how = neighbour_levels(converter, draws, slice, levels);
  } else if (converter.rule <= LevelRule::kSoftmaxIndex) {
    how = softmax_levels(converter, draws, slice, levels);
  } else if (converter.rule == LevelRule::kArgMax) {
    how = arg_max_levels(converter, draws, slice, levels);
  } else if (converter.rule == LevelRule::kTree) {
    how = tree_levels(converter, draws, slice, levels);
  } else {
    how = threshold_levels(converter, draws, slice, levels);
  }
  std::copy(levels.begin(), levels.end(), values.begin());
  if (text != nullptr) *text = std::string(name_of(converter.rule)) + how;
}

std::string Converters::neighbour_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                         std::vector<uint32_t>& levels) {
  std::vector<uint32_t> centres(static_cast<size_t>(converter.num_levels));
  for (uint32_t& centre : centres) centre = static_cast<uint32_t>(draws.plain().below(slice.num_rows()));
  const double p = draws.log_number("level distance power", 0.5, 4);
  levels = nearest_centres(slice, centres, p);
  if (converter.rule == LevelRule::kNeighbourCentre) show_points(slice, centres, levels, slice);
  if (converter.rule == LevelRule::kNeighbourFunction) {
    functions_.apply_cheap(draws, slice, slice.num_nodes(), result_, nullptr);
    show_points(result_, centres, levels, slice);
  }
  if (converter.rule == LevelRule::kNeighbourIndex) show_index(levels, slice);
  return fmt::format("[nearest of {} rows in {} dimensions, L{:.2g}]", centres.size(), slice.num_nodes(), p);
}

std::string Converters::softmax_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                       std::vector<uint32_t>& levels) {
  const auto num_levels = static_cast<size_t>(converter.num_levels);
  scratch_.reshape(num_levels, slice.num_rows());
  for (size_t level = 0; level < num_levels; ++level)
    std::copy_n(slice.node(level), slice.num_rows(), scratch_.node(level));
  const double sharpness = draws.log_number("level sharpness", 0.1, 10);
  const std::vector<float> weights = draws.weights(num_levels);
  std::vector<float> offsets;
  for (const float weight : weights) offsets.push_back(std::log(weight + 1e-4f));
  draw_by_scores(sharpness, offsets, draws.bulk(), scratch_, levels);
  if (converter.rule == LevelRule::kSoftmaxPoint) {
    functions_.points(draws, std::max<size_t>(num_levels, 2), slice.num_nodes(), result_, nullptr);
    std::vector<uint32_t> points(num_levels);
    std::iota(points.begin(), points.end(), 0u);
    show_points(result_, points, levels, slice);
  }
  if (converter.rule == LevelRule::kSoftmaxIndex) show_index(levels, slice);
  return fmt::format("[{} levels, sharpness {}, weights {}]", num_levels, short_number(sharpness),
                     short_number(*std::max_element(weights.begin(), weights.end())));
}

std::string Converters::arg_max_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                       std::vector<uint32_t>& levels) {
  const auto num_levels = static_cast<size_t>(converter.num_levels);
  std::string function;
  functions_.apply_any(draws, slice, num_levels, scratch_, &function);
  const double sharpness = draws.log_number("score sharpness", 1, 100);
  draws.weights(num_levels);  // of no use here; all that is drawn later depends on the draws it takes
  draw_by_scores(sharpness, std::vector<float>(num_levels, 0.0f), draws.bulk(), scratch_, levels);
  if (draws.plain().chance(0.5)) show_index(levels, slice);
  return fmt::format("[{} scores by {}, sharpness {}]", num_levels, function, short_number(sharpness));
}

std::string Converters::tree_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                    std::vector<uint32_t>& levels) {
  Draws& plain = draws.plain();
  const size_t num_rows = slice.num_rows();
  const auto num_levels = static_cast<size_t>(converter.num_levels);
  const auto depth = static_cast<size_t>(std::max<int64_t>(
      draws.log_integer("label tree depth", 1, 8), std::lrint(std::ceil(std::log2(static_cast<double>(num_levels))))));
  std::vector<uint32_t> leaf(num_rows, 0);
  // Every node of a level of the tree has its own dimension and threshold.
  for (size_t level = 0; level < depth; ++level) {
    std::vector<std::pair<size_t, float>> splits(size_t{1} << level);
    for (auto& [dimension, threshold] : splits) {
      dimension = plain.below(slice.num_nodes());
      threshold = slice.node(dimension)[plain.below(num_rows)];
    }
    for (size_t row = 0; row < num_rows; ++row) {
      const auto& [dimension, threshold] = splits[leaf[row]];
      leaf[row] = 2 * leaf[row] + (slice.node(dimension)[row] > threshold ? 1 : 0);
    }
  }
  // Leaves number the classes round and round, in random order, so that every class has some.
  std::vector<uint32_t> names(size_t{1} << depth);
  for (size_t i = 0; i < names.size(); ++i) names[i] = static_cast<uint32_t>(i % num_levels);
  for (size_t i = 0; i + 1 < names.size(); ++i) std::swap(names[i], names[i + plain.below(names.size() - i)]);
  for (size_t row = 0; row < num_rows; ++row) levels[row] = names[leaf[row]];
  if (plain.chance(0.5)) show_index(levels, slice);
  return fmt::format("[depth {} on {} dimensions]", depth, slice.num_nodes());
}

std::string Converters::threshold_levels(const Converter& converter, CorrelatedDraws& draws, NodeMatrix& slice,
                                         std::vector<uint32_t>& levels) {
  Draws& plain = draws.plain();
  const size_t num_rows = slice.num_rows();
  standardise(slice.node(0), num_rows);
  std::vector<float> thresholds(static_cast<size_t>(converter.num_levels) - 1);
  for (float& threshold : thresholds) {
    threshold =
        converter.rule == LevelRule::kRank ? slice.node(0)[plain.below(num_rows)] : static_cast<float>(plain.normal());
  }
  std::vector<int32_t> counts(num_rows);
  count_below(slice.node(0), num_rows, thresholds.data(), thresholds.size(), counts.data());
  std::copy(counts.begin(), counts.end(), levels.begin());
  if (plain.chance(0.5)) show_index(levels, slice);
  std::sort(thresholds.begin(), thresholds.end());
  return fmt::format("[standardised, cut at {}]", short_numbers({thresholds.begin(), thresholds.end()}));
}

std::string remove_cells(Missingness kind, CorrelatedDraws& draws, NodeMatrix& columns, std::vector<ColumnInfo>& info) {
  Draws& plain = draws.plain();
  const size_t num_rows = columns.num_rows(), num_columns = info.size();
  const double share = plain.uniform();
  std::vector<uint8_t> chosen(num_columns, 0);
  for (uint8_t& flag : chosen) flag = plain.chance(share) ? 1 : 0;
  chosen[plain.below(num_columns)] = 1;
  std::vector<std::vector<float>> before(num_columns);  // other columns decide by values that nobody took
  for (size_t column = 0; column < num_columns; ++column)
    before[column].assign(columns.node(column), columns.node(column) + num_rows);
  size_t affected = 0;
  std::vector<float> keys(num_rows);
  for (size_t column = 0; column < num_columns; ++column) {
    if (!chosen[column]) continue;
    const double rate = draws.log_number("missing rate", 0.01, 0.5);
    const auto count = std::min(static_cast<size_t>(rate * static_cast<double>(num_rows)) + 1, num_rows - 2);
    // The cells with the largest keys go; a key is logistic noise plus, unless at random, a share of the driving value.
    draws.bulk().uniform(0, 1e-7f, 1, keys.data(), num_rows);
    for (float& key : keys) key = std::log(key / (1 - std::min(key, 0.9999999f)));
    if (kind != Missingness::kMcar) {
      size_t driver = column;
      if (kind == Missingness::kMar && num_columns > 1)
        driver = (column + 1 + plain.below(num_columns - 1)) % num_columns;
      std::vector<float> values = before[driver];
      if (standardise(values.data(), num_rows)) {
        const double slope = plain.log_uniform(0.5, 4) * (plain.chance(0.5) ? 1 : -1);
        add_scaled(values.data(), num_rows, static_cast<float>(slope), keys.data());
      }
    }
    const std::vector<uint32_t> order = order_of(keys.data(), num_rows);
    for (size_t i = 0; i < count; ++i)
      columns.node(column)[order[num_rows - 1 - i]] = std::numeric_limits<float>::quiet_NaN();
    info[column].missing = true;
    ++affected;
  }
  return fmt::format("{}: {} of {} columns", name_of(kind), affected, num_columns);
}

}  // namespace manyshot::prior
