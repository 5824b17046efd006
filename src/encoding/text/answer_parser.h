// Reads the JSON array of answers that a model wrote: [{"id": 0, "label": 1}, …], as strictly as possible and as
// leniently as needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// How a response gave its answers. The names (answer_source_name) reach notes and reports.
enum class AnswerSource {
  kNone,        // no usable answer for the query
  kById,        // an element with the query's id
  kByPosition,  // the response's ids are no ids (1-based, repeated, absent), but it has one element for each query
};
std::string_view answer_source_name(AnswerSource source);

struct ParsedAnswers {
  std::vector<int32_t> labels;        // [N] index into `labels`, -1: none
  std::vector<AnswerSource> sources;  // [N]
  bool repaired = false;              // not valid JSON as it stood: text around it, a missing end, single quotes …
  size_t num_elements = 0;            // elements with a label, known or not
  size_t duplicate_ids = 0;           // elements whose id an earlier one has
  size_t unknown_labels = 0;          // elements whose label is not among `labels`
  // [N] where the response begins to write the query's label: the byte behind the colon of "label":, known label or
  // not; kNoPlace: nowhere. What a model thought of the labels is read there when what it wrote is of no use.
  std::vector<size_t> label_places;
  static constexpr size_t kNoPlace = std::string_view::npos;
};

// `labels` [K] are the labels as the prompt shows them: 0, or "yes" with its quotes; a model may leave quotes out or
// add them. Elements that can be made out count even if the array is damaged; of several with one id the first counts.
// Any bytes are taken.
ParsedAnswers parse_answers(std::string_view response, std::span<const std::string> labels, size_t num_queries);

}  // namespace manyshot
