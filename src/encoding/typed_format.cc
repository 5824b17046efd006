#include "encoding/typed_format.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/rng.h"
#include "encoding/relevance.h"

namespace manyshot {

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

// A missing cell is a level, too.
double TypedFormat::level_relevance(size_t feature) const {
  const auto missing = static_cast<uint32_t>(columns_[feature].levels.size());
  const size_t num_rows = shot_cells_.size() / num_features();
  std::vector<uint32_t> level(num_rows);
  for (size_t row = 0; row < num_rows; ++row) {
    level[row] = std::min(shot_cells_[row * num_features() + feature], missing);
  }
  if (!predicts_number()) return manyshot::level_relevance(level, missing + 1, labels_);
  const std::vector<double> targets(target_codes_.begin(), target_codes_.end());
  return manyshot::level_relevance(level, missing + 1, targets);
}

double TypedFormat::number_relevance(size_t feature) const {
  std::vector<double> codes;
  for (size_t cell = feature; cell < shot_cells_.size(); cell += num_features()) {
    codes.push_back(shot_cells_[cell] == kMissingCell ? kMissingCodeValue : shot_cells_[cell] % kNumCodes);
  }
  if (!predicts_number()) return manyshot::number_relevance(codes, labels_);
  const std::vector<double> targets(target_codes_.begin(), target_codes_.end());
  return manyshot::number_relevance(codes, targets);
}

std::vector<double> TypedFormat::relevance() const {
  std::vector<double> result;
  for (size_t feature = 0; feature < num_features(); ++feature) {
    result.push_back(columns_[feature].is_nominal ? level_relevance(feature) : number_relevance(feature));
  }
  return result;
}

}  // namespace manyshot
