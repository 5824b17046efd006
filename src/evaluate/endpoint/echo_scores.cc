#include "evaluate/endpoint/echo_scores.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "evaluate/endpoint/completion.h"
#include "evaluate/endpoint/json_fields.h"

namespace manyshot {
namespace {

// Characters; servers write the parts of a cut character as one U+FFFD each or leave them empty.
size_t num_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

[[noreturn]] void fail_without_echo(const EndpointClient& client) {
  fail(ErrorKind::kUnsupported,
       "{}: {} does not return the log-probabilities of a prompt (/completions with echo and logprobs), which scoring "
       "texts needs; vLLM does, and local models need no endpoint",
       client.options().base_url, client.model());
}

// What was generated behind `text`: by the tokens, or by the text returned where tokens with parts of characters do not
// spell it.
std::string generated_part(const std::vector<CompletionToken>& tokens, const std::string& text,
                           const std::string& returned) {
  std::string joined;
  for (const CompletionToken& token : tokens) joined += token.written.text;
  const size_t place = joined.rfind(text);
  return place == std::string::npos ? returned.substr(text.size()) : joined.substr(place + text.size());
}

}  // namespace

EchoScore score_by_echo(EndpointClient& client, const std::string& context, const std::string& continuation,
                        AnswerReport& report, std::stop_token stop) {
  const std::string text = context + continuation;
  const Json request = {{"prompt", text}, {"max_tokens", 1}, {"temperature", 0}, {"echo", true}, {"logprobs", 1}};
  const Json response = client.post("/completions", request, report, std::move(stop));
  const Json& choice = element(field(response, "choices"), 0);
  const std::string returned = text_field(choice, "text");
  const std::vector<CompletionToken> tokens = read_tokens(choice);
  if (!returned.starts_with(text) || tokens.empty()) fail_without_echo(client);

  // The continuation's tokens are counted backwards, since some servers have a beginning of text before the first;
  // behind them stands what was generated.
  size_t token = tokens.size();
  for (size_t left = num_characters(generated_part(tokens, text, returned)); left > 0 && token > 0;) {
    left -= std::min(left, num_characters(tokens[--token].written.text));
  }
  if (token == tokens.size() && !tokens.back().written.text.empty()) {
    fail(ErrorKind::kUnsupported,
         "{}: {} returns no log-probability for the token behind the prompt. Servers known to do so (llama-cpp-python) "
         "give every token of the prompt the log-probabilities of the one behind it, so that texts cannot be scored; "
         "use vLLM, or the model itself",
         client.options().base_url, client.model());
  }
  EchoScore score{.num_bytes = continuation.size()};
  for (size_t left = num_characters(continuation); left > 0 && token > 0;) {
    const TokenChoice& written = tokens[--token].written;
    if (written.text.empty() && score.num_tokens == 0) continue;  // the end of the text, generated
    left -= std::min(left, num_characters(written.text));
    if (written.log_prob == -INFINITY) {
      if (!context.empty() || left > 0) fail_without_echo(client);
      score.num_bytes -= std::min(score.num_bytes, written.text.size());
      break;
    }
    score.log_prob += written.log_prob;
    ++score.num_tokens;
  }
  return score;
}

}  // namespace manyshot
