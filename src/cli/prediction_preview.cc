#include "cli/prediction_preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kRows = 8;

std::string name_of_class(const std::vector<std::string>& classes, int32_t label) {
  if (label == kUnscored) return "";
  return label == kUnseen ? "(another class)" : excerpt(classes[static_cast<size_t>(label)], /*max_bytes=*/40);
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width) { return text + std::string(width - characters(text), ' '); }

}  // namespace

void PredictionPreview::add(const PredictedBatch& batch) {
  const size_t num_classes = batch.probabilities.size() / batch.labels.size();
  for (size_t row = 0; row < batch.labels.size() && rows_.size() < kRows; ++row) {
    const auto label = static_cast<size_t>(batch.labels[row]);
    rows_.push_back({.row = batch.rows[row],
                     .label = batch.labels[row],
                     .probability = batch.probabilities[row * num_classes + label],
                     .truth = batch.truth.empty() ? std::nullopt : std::optional(batch.truth[row])});
  }
}

std::string PredictionPreview::text(const std::vector<std::string>& classes) const {
  const bool has_truth = rows_.front().truth.has_value();
  size_t width = std::string_view("prediction").size();
  for (const Row& row : rows_) width = std::max(width, characters(name_of_class(classes, row.label)));
  std::string text = fmt::format("{:>5}  {}  probability{}", "row", padded("prediction", width),
                                 has_truth ? "  in the test file" : "");
  for (const Row& row : rows_) {
    text += fmt::format("\n{:>5}  {}  {:<11.3f}", row.row, padded(name_of_class(classes, row.label), width),
                        row.probability);
    if (has_truth) text += "  " + name_of_class(classes, *row.truth);
    text.erase(text.find_last_not_of(' ') + 1);
  }
  return text;
}

}  // namespace manyshot
