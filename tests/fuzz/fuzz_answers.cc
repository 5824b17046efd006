// Text -> parser of written answers: any bytes are taken, and what is counted fits what is found. The first line holds
// the labels, with "|" between them, and the number of queries behind the last.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/text/answer_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  std::string_view response(reinterpret_cast<const char*>(data), size);
  const std::string_view head = response.substr(0, response.find('\n'));
  response.remove_prefix(std::min(size, head.size() + 1));
  std::vector<std::string> labels;
  size_t begin = 0;
  for (size_t end; (end = head.find('|', begin)) != std::string_view::npos; begin = end + 1) {
    labels.emplace_back(head.substr(begin, end - begin));
  }
  size_t num_queries = 0;
  for (const char digit : head.substr(begin))
    num_queries = (num_queries * 10 + static_cast<uint8_t>(digit) % 10) % 1000;

  const ParsedAnswers answers = parse_answers(response, labels, num_queries);
  if (answers.labels.size() != num_queries || answers.sources.size() != num_queries ||
      answers.label_places.size() != num_queries) {
    std::abort();
  }
  for (size_t query = 0; query < num_queries; ++query) {
    const int32_t label = answers.labels[query];
    if (label < -1 || label >= static_cast<int32_t>(labels.size())) std::abort();
    if ((label == -1) != (answers.sources[query] == AnswerSource::kNone)) std::abort();
    const size_t place = answers.label_places[query];
    if (place != ParsedAnswers::kNoPlace && place > response.size()) std::abort();
  }
  if (answers.duplicate_ids > answers.num_elements || answers.unknown_labels > answers.num_elements) std::abort();
  return 0;
}
