#include "encoding/typed_format.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/rng.h"

namespace manyshot {
namespace {

// The share of a total sum of squares that lies between groups, less what `num_groups` groups of N random rows would
// have; from 0 to 1.
double beyond_chance(double share, size_t num_groups, size_t num_rows) {
  if (num_groups >= num_rows) return 0;
  const double chance = static_cast<double>(num_groups - 1) / static_cast<double>(num_rows - 1);
  return std::clamp((share - chance) / (1 - chance), 0.0, 1.0);
}

// The share of the values' variance between groups; values [N, width], each row in group[row].
double between_share(const std::vector<double>& values, size_t width, std::span<const uint32_t> group,
                     size_t num_groups) {
  const auto num_rows = static_cast<double>(group.size());
  std::vector<double> sums(num_groups * width), counts(num_groups), all(width);
  double squares = 0;
  for (size_t row = 0; row < group.size(); ++row) {
    ++counts[group[row]];
    for (size_t i = 0; i < width; ++i) {
      const double value = values[row * width + i];
      sums[group[row] * width + i] += value;
      all[i] += value;
      squares += value * value;
    }
  }
  double between = 0, centre = 0;
  for (const double sum : all) centre += sum * sum / num_rows;
  for (size_t g = 0; g < num_groups; ++g) {
    for (size_t i = 0; i < width; ++i) {
      if (counts[g] > 0) between += sums[g * width + i] * sums[g * width + i] / counts[g];
    }
  }
  const double total = squares - centre;
  return total > 0 ? (between - centre) / total : 0;
}

}  // namespace

TypedFormat::TypedFormat(const Table& shots, std::span<const int32_t> labels, const CompactVocabulary& vocabulary)
    : encoder_(FeatureEncoder::fit(shots)),
      predicts_number_(false),
      labels_(labels.begin(), labels.end()),
      vocabulary_(vocabulary) {
  fit(shots);
}

TypedFormat::TypedFormat(const Table& shots, std::span<const double> targets, const CompactVocabulary& vocabulary)
    : encoder_(FeatureEncoder::fit(shots)),
      predicts_number_(true),
      target_code_(NumberCode::fit(targets)),
      vocabulary_(vocabulary) {
  for (const double target : targets) target_codes_.push_back(target_code_.encode(target));
  fit(shots);
}

TypedFormat::TypedFormat(ByteReader& reader, size_t num_columns, const CompactVocabulary& vocabulary)
    : encoder_(FeatureEncoder::read(reader, num_columns)), predicts_number_(false), vocabulary_(vocabulary) {
  for (size_t feature = 0; feature < encoder_.feature_names().size(); ++feature) {
    TypedColumn& column = columns_.emplace_back();
    column.is_nominal = reader.number<uint8_t>() != 0;
    column.value = NumberCode::read(reader);
    column.rank = NumberCode::read(reader);
    column.scale = RankScale::read(reader);
    column.levels = reader.list<uint32_t>();
    column.missing_level = reader.number<double>();
    for (const uint32_t level : column.levels) {
      if (level >= column.levels.size()) reader.refuse("has levels that are not of its category");
    }
  }
}

bool TypedFormat::write(ByteWriter& writer) const {
  const auto is_share = [](const TypedColumn& column) { return column.share_of >= 0; };
  if (predicts_number() || std::ranges::any_of(columns_, is_share)) return false;
  encoder_.write(writer);
  for (const TypedColumn& column : columns_) {
    writer.number<uint8_t>(column.is_nominal);
    column.value.write(writer);
    column.rank.write(writer);
    column.scale.write(writer);
    writer.list(column.levels);
    writer.number(column.missing_level);
  }
  return true;
}

void TypedFormat::fit(const Table& shots) {
  const FeatureMatrix features = encoder_.transform(shots);
  for (size_t feature = 0; feature < features.num_features; ++feature) {
    TypedColumn column{.is_nominal = features.is_nominal(feature), .share_of = features.share_of[feature]};
    std::vector<double> values = features.column(feature);
    if (column.is_nominal) {
      column.missing_level = features.missing_levels[feature];
      std::vector<uint32_t> counts;
      for (const double level : values) {
        if (std::isnan(level) || level == column.missing_level) continue;
        counts.resize(std::max(counts.size(), static_cast<size_t>(level) + 1));
        ++counts[static_cast<size_t>(level)];
      }
      column.levels.resize(counts.size());
      std::iota(column.levels.begin(), column.levels.end(), 0u);
      std::stable_sort(column.levels.begin(), column.levels.end(),
                       [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
    } else {
      column.value = NumberCode::fit(values);
      column.scale = RankScale::fit(values);
      for (double& value : values) value = column.scale.score(value);
      column.rank = NumberCode::fit(values);
    }
    columns_.push_back(std::move(column));
  }
  shot_cells_ = cells(features);
}

std::vector<uint32_t> TypedFormat::cells(const FeatureMatrix& features) const {
  std::vector<uint32_t> cells;
  cells.reserve(features.values.size());
  for (size_t i = 0; i < features.values.size(); ++i) {
    const TypedColumn& column = columns_[i % num_features()];
    const double value = features.values[i];
    if (column.is_nominal) {
      const bool is_level = value >= 0 && value < static_cast<double>(column.levels.size());
      cells.push_back(value == column.missing_level ? kMissingCell
                      : is_level                    ? static_cast<uint32_t>(value)
                                                    : kUnseenCell);
    } else if (std::isnan(value)) {
      cells.push_back(kMissingCell);
    } else if (column.share_of >= 0) {
      cells.push_back(
          static_cast<uint32_t>(std::clamp(std::floor((kNumCodes - 1) * value + 0.5), 0.0, kNumCodes - 1.0)));
    } else {
      const int rank = column.rank.encode(column.scale.score(value));
      cells.push_back(static_cast<uint32_t>(kNumCodes * rank + column.value.encode(value)));
    }
  }
  return cells;
}

TypedFormat::LevelIds TypedFormat::draw_ids(const TaskView& view) const {
  LevelIds ids(num_features());
  const auto most = static_cast<uint32_t>(vocabulary_.cells->num_categories);
  for (const uint32_t feature : view.features) {
    const std::vector<uint32_t>& levels = columns_[feature].levels;
    if (levels.empty()) continue;
    ids[feature].assign(levels.size(), -1);
    const auto count = std::min(most, static_cast<uint32_t>(levels.size()));
    const std::vector<uint32_t> drawn = Rng(view.category_seed).child("feature", feature).sample(most, count);
    for (uint32_t place = 0; place < count; ++place) ids[feature][levels[place]] = static_cast<int32_t>(drawn[place]);
  }
  return ids;
}

TokenId TypedFormat::token(const TaskView& view, uint32_t cell, size_t feature, const LevelIds& ids) const {
  const CellVocabulary& vocabulary = *vocabulary_.cells;
  if (cell == kMissingCell) return vocabulary.missing;
  const int32_t share_of = columns_[feature].share_of;
  if (share_of >= 0) return vocabulary.share(static_cast<int>(view.labels[share_of]), static_cast<int>(cell));
  if (!columns_[feature].is_nominal) return vocabulary.first_pair + static_cast<TokenId>(cell);
  const int32_t id = cell == kUnseenCell ? -1 : ids[feature][cell];
  return id < 0 ? vocabulary.unseen : vocabulary.category(static_cast<uint32_t>(id));
}

Prompt TypedFormat::prompt(const TaskView& view) const {
  const CellVocabulary& vocabulary = *vocabulary_.cells;
  const LevelIds ids = draw_ids(view);
  Prompt prompt{.layout = PromptLayout::kRows, .num_features = view.features.size()};
  prompt.context.reserve(view.rows.size() * (view.features.size() + 2));
  for (const uint32_t row : view.rows) {
    for (const uint32_t feature : view.features) {
      prompt.context.push_back(token(view, shot_cells_[row * num_features() + feature], feature, ids));
    }
    prompt.context.push_back(vocabulary_.bar);
    prompt.context.push_back(predicts_number()
                                 ? vocabulary.target(target_codes_[row])
                                 : vocabulary_.first_label + static_cast<TokenId>(view.labels[labels_[row]]));
  }
  if (predicts_number()) {
    for (int code = 0; code < kNumCodes; ++code) prompt.answers.push_back({vocabulary.target(code)});
  } else {
    for (const uint32_t label : view.labels) {
      prompt.answers.push_back({vocabulary_.first_label + static_cast<TokenId>(label)});
    }
  }
  return prompt;
}

std::vector<QueryTokens> TypedFormat::queries(const Table& queries, std::span<const TaskView> views) const {
  const std::vector<uint32_t> all = cells(encoder_.transform(queries));
  std::vector<QueryTokens> result(views.size());
  for (size_t view = 0; view < views.size(); ++view) {
    const LevelIds ids = draw_ids(views[view]);
    QueryTokens& tokens = result[view];
    tokens.tokens.reserve(queries.num_rows * (views[view].features.size() + 1));
    tokens.offsets.reserve(queries.num_rows + 1);
    for (size_t row = 0; row < queries.num_rows; ++row) {
      for (const uint32_t feature : views[view].features) {
        tokens.tokens.push_back(token(views[view], all[row * num_features() + feature], feature, ids));
      }
      tokens.tokens.push_back(vocabulary_.bar);
      tokens.offsets.push_back(tokens.tokens.size());
    }
  }
  return result;
}

// Groups: the levels, a missing cell one of them. Values: the target, or one place for each class.
double TypedFormat::level_relevance(size_t feature) const {
  const auto missing = static_cast<uint32_t>(columns_[feature].levels.size());
  const size_t num_rows = shot_cells_.size() / num_features();
  std::vector<uint32_t> level(num_rows);
  for (size_t row = 0; row < num_rows; ++row) {
    level[row] = std::min(shot_cells_[row * num_features() + feature], missing);
  }
  size_t width = 1;
  std::vector<double> values(target_codes_.begin(), target_codes_.end());
  if (!predicts_number()) {
    width = static_cast<size_t>(*std::max_element(labels_.begin(), labels_.end())) + 1;
    values.assign(num_rows * width, 0);
    for (size_t row = 0; row < num_rows; ++row) values[row * width + static_cast<size_t>(labels_[row])] = 1;
  }
  return beyond_chance(between_share(values, width, level, missing + 1), missing + 1, num_rows);
}

double TypedFormat::number_relevance(size_t feature) const {
  std::vector<double> codes, targets;
  std::vector<uint32_t> group;
  for (size_t row = 0; row * num_features() < shot_cells_.size(); ++row) {
    const uint32_t cell = shot_cells_[row * num_features() + feature];
    codes.push_back(cell == kMissingCell ? kMissingCodeValue : cell % kNumCodes);
    if (predicts_number()) {
      targets.push_back(target_codes_[row]);
    } else {
      group.push_back(static_cast<uint32_t>(labels_[row]));
    }
  }
  if (!predicts_number()) return between_share(codes, 1, group, *std::max_element(group.begin(), group.end()) + 1);
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const double mean_code = mean(codes), mean_target = mean(targets);
  double products = 0, of_codes = 0, of_targets = 0;
  for (size_t row = 0; row < codes.size(); ++row) {
    products += (codes[row] - mean_code) * (targets[row] - mean_target);
    of_codes += std::pow(codes[row] - mean_code, 2);
    of_targets += std::pow(targets[row] - mean_target, 2);
  }
  return of_codes > 0 && of_targets > 0 ? products * products / (of_codes * of_targets) : 0;
}

std::vector<double> TypedFormat::relevance() const {
  std::vector<double> result;
  for (size_t feature = 0; feature < num_features(); ++feature) {
    result.push_back(columns_[feature].is_nominal ? level_relevance(feature) : number_relevance(feature));
  }
  return result;
}

}  // namespace manyshot
