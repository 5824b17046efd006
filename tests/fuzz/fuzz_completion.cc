// Body of an endpoint's response -> what went wrong, or what it answered and thought of the labels.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/text.h"
#include "evaluate/endpoint/completion.h"
#include "evaluate/endpoint/label_scores.h"
#include "evaluate/endpoint/response_problem.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  const HttpResponse response{.outcome = HttpOutcome::kAnswered,
                              .status = size > 0 && data[0] == '!' ? 500 : 200,
                              .body = std::string(reinterpret_cast<const char*>(data), size)};
  const EndpointOptions options{.api_key_env = "MANYSHOT_NO_SUCH_KEY"};
  Json json;
  if (const auto problem = find_problem(response, options, /*reached_before=*/true, json)) {
    if (find_invalid_utf8(problem->found) || problem->next_step.empty()) std::abort();
    return 0;
  }
  const Completion completion = read_completion(json);
  if (!completion.tokens.empty()) {
    std::string joined;
    for (const CompletionToken& token : completion.tokens) joined += token.written.text;
    if (completion.text_begin > joined.size() ||
        joined.substr(completion.text_begin, completion.text.size()) != completion.text) {
      std::abort();
    }
  }
  const std::vector<std::string> labels{"0", "1", "10", "\"yes\"", "\"yes, later\""};
  for (size_t place = 0; place <= completion.text.size() && place < 64; ++place) {
    const std::vector<float> scores = label_scores(completion.tokens, completion.text_begin + place, labels);
    if (scores.size() != labels.size()) std::abort();
    for (const float score : scores) {
      if (std::isnan(score)) std::abort();
    }
  }
  return 0;
}
