#include "encoding/compact_format.h"

#include <algorithm>

namespace manyshot {

CompactFormat::CompactFormat(const Table& shots, std::span<const int32_t> labels, const CompactVocabulary& vocabulary)
    : encoder_(FeatureEncoder::fit(shots)), labels_(labels.begin(), labels.end()), vocabulary_(vocabulary) {
  const FeatureMatrix features = encoder_.transform(shots);
  for (size_t feature = 0; feature < features.num_features; ++feature) {
    std::vector<double> column = features.column(feature);
    value_codes_.push_back(NumberCode::fit(column));
    rank_scales_.push_back(RankScale::fit(column));
    for (double& value : column) value = rank_scales_.back().score(value);
    rank_codes_.push_back(NumberCode::fit(column));
  }
  shot_codes_ = encode(features);
}

CompactFormat::CompactFormat(ByteReader& reader, size_t num_columns, const CompactVocabulary& vocabulary)
    : encoder_(FeatureEncoder::read(reader, num_columns)), vocabulary_(vocabulary) {
  for (size_t feature = 0; feature < num_features(); ++feature) {
    value_codes_.push_back(NumberCode::read(reader));
    rank_codes_.push_back(NumberCode::read(reader));
    rank_scales_.push_back(RankScale::read(reader));
  }
}

bool CompactFormat::write(ByteWriter& writer) const {
  encoder_.write(writer);
  for (size_t feature = 0; feature < num_features(); ++feature) {
    value_codes_[feature].write(writer);
    rank_codes_[feature].write(writer);
    rank_scales_[feature].write(writer);
  }
  return true;
}

CompactFormat::Codes CompactFormat::encode(const FeatureMatrix& features) const {
  Codes codes;
  codes.of_values.reserve(features.values.size());
  codes.of_ranks.reserve(features.values.size());
  for (size_t i = 0; i < features.values.size(); ++i) {
    const size_t feature = i % num_features();
    const double value = features.values[i];
    codes.of_values.push_back(static_cast<uint16_t>(value_codes_[feature].encode(value)));
    codes.of_ranks.push_back(static_cast<uint16_t>(rank_codes_[feature].encode(rank_scales_[feature].score(value))));
  }
  return codes;
}

std::vector<double> CompactFormat::relevance() const {
  const size_t num_classes = labels_.empty() ? 0 : *std::max_element(labels_.begin(), labels_.end()) + 1;
  const auto num_rows = static_cast<double>(labels_.size());
  std::vector<double> counts(num_classes);
  for (const int32_t label : labels_) ++counts[label];
  std::vector<double> result;
  for (size_t feature = 0; feature < num_features(); ++feature) {
    std::vector<double> sums(num_classes);
    double sum = 0, squares = 0;
    for (size_t row = 0; row < labels_.size(); ++row) {
      const double code = shot_codes_.of_values[row * num_features() + feature];
      sums[labels_[row]] += code;
      sum += code;
      squares += code * code;
    }
    double between = -sum * sum / num_rows;
    for (size_t k = 0; k < num_classes; ++k) {
      if (counts[k] > 0) between += sums[k] * sums[k] / counts[k];
    }
    const double total = squares - sum * sum / num_rows;
    result.push_back(total > 0 ? between / total : 0);
  }
  return result;
}

Prompt CompactFormat::prompt(const TaskView& view) const {
  Prompt prompt{.layout = PromptLayout::kRows, .num_features = view.features.size()};
  const std::vector<uint16_t>& codes = shot_codes_.on(view.scale);
  prompt.context.reserve(view.rows.size() * (view.features.size() + 2));
  for (const uint32_t row : view.rows) {
    for (const uint32_t feature : view.features) {
      prompt.context.push_back(vocabulary_.first_number + codes[row * num_features() + feature]);
    }
    prompt.context.push_back(vocabulary_.bar);
    prompt.context.push_back(vocabulary_.first_label + static_cast<TokenId>(view.labels[labels_[row]]));
  }
  for (const uint32_t label : view.labels) {
    prompt.answers.push_back({vocabulary_.first_label + static_cast<TokenId>(label)});
  }
  return prompt;
}

std::vector<QueryTokens> CompactFormat::queries(const Table& queries, std::span<const TaskView> views) const {
  const Codes both = encode(encoder_.transform(queries));
  std::vector<QueryTokens> result(views.size());
  for (size_t view = 0; view < views.size(); ++view) {
    QueryTokens& tokens = result[view];
    const std::vector<uint16_t>& codes = both.on(views[view].scale);
    tokens.tokens.reserve(queries.num_rows * (views[view].features.size() + 1));
    tokens.offsets.reserve(queries.num_rows + 1);
    for (size_t row = 0; row < queries.num_rows; ++row) {
      for (const uint32_t feature : views[view].features) {
        tokens.tokens.push_back(vocabulary_.first_number + codes[row * num_features() + feature]);
      }
      tokens.tokens.push_back(vocabulary_.bar);
      tokens.offsets.push_back(tokens.tokens.size());
    }
  }
  return result;
}

}  // namespace manyshot
