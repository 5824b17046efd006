#include "predict/json_writer.h"

#include <algorithm>
#include <map>

#include "core/interrupt.h"
#include "core/json.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/answer_trie.h"
#include "model/language/score_answers.h"

namespace manyshot {
namespace {

constexpr size_t kMaxTokensPerAnswer = 32;  // an answer takes about 14; a response that goes on without end is cut
constexpr size_t kPendingTokens =
    16;  // written tokens that are not cached yet: computing so many costs hardly more than one

// Whether `response` stands just before a label.
bool stands_before_label(std::string_view response) {
  constexpr std::string_view kKeys[] = {"\"label\":", "'label':"};
  return std::any_of(std::begin(kKeys), std::end(kKeys), [&](std::string_view key) { return response.ends_with(key); });
}

bool is_array(std::string_view response) {
  const size_t begin = response.find('[');
  return begin != std::string_view::npos && Json::accept(response.substr(begin));
}

}  // namespace

JsonWriter::JsonWriter(const Model& model, const TextFormat& format, const TaskView& view)
    : model_(model), format_(format), view_(view), caches_(*model.language_model()) {
  for (size_t k = 0; k < view.labels.size(); ++k) labels_.push_back(format.label(k, view));
}

WrittenAnswers JsonWriter::write(const Table& queries) {
  const LanguageModel& network = *model_.language_model();
  const Tokenizer& tokenizer = *model_.tokenizer();
  const std::vector<TokenId> prompt = format_.prompt_tokens(queries, view_);
  // Prompts with other queries part from this one behind the labelled rows.
  TextCachePtr cache = caches_.go(prompt, shared_length(prompt, format_.prompt(view_).context));

  WrittenAnswers result;
  std::map<size_t, std::vector<float>> scores_at;  // by place in the response
  std::vector<TokenId> pending;
  const size_t room = static_cast<size_t>(model_.info().context_window) - prompt.size();
  const size_t max_tokens = std::min(room, kMaxTokensPerAnswer * queries.num_rows);
  const std::vector<TokenId>& ends = network.config().eos_token_ids;
  for (size_t count = 0; count < max_tokens; ++count) {
    check_interrupted();
    const Branch branch{.prefix = cache, .tokens = pending, .first_scored = pending.size(), .wants_most_likely = true};
    const TokenId token = network.score(std::span(&branch, 1)).front().most_likely;
    if (tokenizer.is_special(token) || std::find(ends.begin(), ends.end(), token) != ends.end()) break;
    pending.push_back(token);
    result.response += tokenizer.token_text(token);
    if (stands_before_label(result.response) && scores_at.size() < queries.num_rows) {
      scores_at.emplace(result.response.size(), score_labels(cache, pending));
    }
    if (result.response.ends_with(']') && is_array(result.response)) break;
    if (pending.size() == kPendingTokens) {
      cache = network.extend(cache, pending);
      pending.clear();
    }
  }
  result.parsed = parse_answers(result.response, labels_, queries.num_rows);
  for (const size_t place : result.parsed.label_places) result.label_scores.push_back(scores_at[place]);
  return result;
}

std::vector<float> JsonWriter::score_labels(const TextCachePtr& cache, std::span<const TokenId> pending) const {
  std::vector<std::vector<TokenId>> answers;
  for (const std::string& label : labels_)
    answers.push_back(model_.tokenizer()->encode(" " + label + "}", /*parse_special=*/false));
  std::vector<float> scores(answers.size());
  QueryTokens query{.tokens = {pending.begin(), pending.end()}, .offsets = {0, pending.size()}};
  score_answers(*model_.language_model(), cache, answer_forks(answers), query, scores);
  return scores;
}

}  // namespace manyshot
