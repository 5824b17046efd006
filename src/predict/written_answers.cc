#include "predict/written_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "predict/class_shares.h"

namespace manyshot {
namespace {

void count_response(const ParsedAnswers& parsed, AnswerReport& report) {
  ++report.responses;
  report.invalid_json += parsed.repaired;
  report.wrong_count += parsed.num_elements != parsed.labels.size();
  report.duplicate_ids += parsed.duplicate_ids > 0;
  report.unknown_labels += parsed.unknown_labels;
}

}  // namespace

void add_votes(const WrittenAnswers& written, const std::vector<uint32_t>& class_counts,
               std::span<double> probabilities, AnswerReport& report) {
  count_response(written.parsed, report);
  const size_t num_classes = class_counts.size();
  const double num_rows = std::accumulate(class_counts.begin(), class_counts.end(), 0.0);
  for (size_t query = 0; query < written.parsed.labels.size(); ++query) {
    std::vector<double> shares(num_classes);
    const std::vector<float>& scores = written.label_scores[query];
    const bool has_shares = !scores.empty() && add_class_shares(scores, class_counts, shares);
    int32_t label = written.parsed.labels[query];
    if (label >= 0 && class_counts[static_cast<size_t>(label)] == 0) {
      ++report.unknown_labels;
      label = -1;
    }
    if (label >= 0) {
      ++(written.parsed.sources[query] == AnswerSource::kById ? report.by_id : report.by_position);
      double& share = shares[static_cast<size_t>(label)];
      if (has_shares) {
        std::swap(share, *std::max_element(shares.begin(), shares.end()));
      } else {
        share = 1;
      }
    } else if (has_shares) {
      ++report.by_probability;
    } else {
      ++report.by_majority;
      for (size_t k = 0; k < num_classes; ++k) shares[k] = class_counts[k] / num_rows;
    }
    for (size_t k = 0; k < num_classes; ++k) probabilities[query * num_classes + k] += shares[k];
  }
}

std::string describe_written_answers(const AnswerReport& report) {
  return fmt::format(
      "{} written answers: {} by id, {} by position, {} from label probabilities, {} the labelled rows' majority; of "
      "{} responses {} were not valid JSON as they stood, {} had another number of answers than queries, {} repeated "
      "an id",
      report.written_answers(), report.by_id, report.by_position, report.by_probability, report.by_majority,
      report.responses, report.invalid_json, report.wrong_count, report.duplicate_ids);
}

}  // namespace manyshot
