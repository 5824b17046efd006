#include "encoding/text/text_format.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "encoding/rank_scale.h"
#include "encoding/relevance.h"

namespace manyshot {
namespace {

// The cuts: behind "ID" of the first query line, and behind "JSON array" at the end of the user message.
constexpr std::string_view kQueryId = "ID";
constexpr std::string_view kTailEnd = ".\n";
constexpr std::string_view kAnswerStart = "[{\"id\": 0, \"label\": ";
constexpr std::string_view kAnswerEnd = "}]";
// `lines` is cut where a row begins and behind its bar; a name ends where the next row begins, so that none begins
// another.
constexpr std::string_view kRowEnd = "\n";

// A missing number stands in the middle.
double number_relevance(const std::vector<double>& numbers, std::span<const int32_t> labels) {
  const RankScale scale = RankScale::fit(numbers);
  std::vector<double> scores;
  for (const double number : numbers) scores.push_back(std::isnan(number) ? 0 : scale.score(number));
  return manyshot::number_relevance(scores, labels);
}

// The levels that occur, a missing one among them.
double level_relevance(const std::vector<int32_t>& codes, std::span<const int32_t> labels) {
  std::map<int32_t, uint32_t> level_of;
  std::vector<uint32_t> level;
  for (const int32_t code : codes) {
    level.push_back(level_of.try_emplace(code, static_cast<uint32_t>(level_of.size())).first->second);
  }
  return manyshot::level_relevance(level, level_of.size(), labels);
}

}  // namespace

TextFormat::TextFormat(const Table& shots, std::span<const int32_t> labels, size_t num_classes,
                       const Tokenizer& tokenizer, const TextPromptOptions& options, ChatWrapping wrapping)
    : tokenizer_(tokenizer),
      style_(options.style),
      columns_(shots, options.style),
      text_(shots, labels, options),
      has_names_(!options.label_names.empty()),
      wrapping_(wrapping_text(wrapping)) {
  find_answer_start(num_classes);
}

// The tokens that the answers of all labels have in common.
void TextFormat::find_answer_start(size_t num_classes) {
  TaskView ids;
  for (uint32_t k = 0; k < num_classes; ++k) ids.labels.push_back(k);
  answer_start_ = answer_tokens(text_.label(0, ids));
  for (size_t k = 1; k < num_classes; ++k) {
    answer_start_.resize(shared_length(answer_start_, answer_tokens(text_.label(k, ids))));
  }
}

std::string TextFormat::context_text(const TaskView& view) const {
  if (is_lines()) return wrapping_.lead + text_.head(view, /*num_queries=*/1);
  return fmt::format("{}{}{}", wrapping_.lead, text_.head(view, /*num_queries=*/1), kQueryId);
}

std::string TextFormat::branch_text(const Table& queries, size_t row, const TaskView& view) const {
  const std::string line = text_.query_line(queries, row, /*id=*/0, view);
  if (is_lines()) return line;
  std::string_view tail = text_.tail();
  tail.remove_suffix(kTailEnd.size());
  return fmt::format("{}{}", std::string_view(line).substr(kQueryId.size()), tail);
}

std::vector<TokenId> TextFormat::answer_tokens(std::string_view label) const {
  if (is_lines())
    return tokenizer_.encode(fmt::format("{}{}", label, has_names_ ? kRowEnd : ""), /*parse_special=*/false);
  if (wrapping_.after.empty()) {
    return tokenizer_.encode(fmt::format("{}{}{}{}", kTailEnd, kAnswerStart, label, kAnswerEnd),
                             /*parse_special=*/false);
  }
  std::vector<TokenId> tokens = tokenizer_.encode(kTailEnd, /*parse_special=*/false);
  tokenizer_.append_encoded(fmt::format("{}{}{}{}", wrapping_.after, kAnswerStart, label, kAnswerEnd),
                            /*parse_special=*/true, tokens);
  return tokens;
}

std::vector<TokenId> TextFormat::first_tokens() const {
  std::vector<TokenId> tokens;
  if (tokenizer_.add_bos() && tokenizer_.bos()) tokens.push_back(*tokenizer_.bos());
  tokenizer_.append_encoded(wrapping_.before, /*parse_special=*/true, tokens);
  return tokens;
}

Prompt TextFormat::prompt(const TaskView& view) const {
  Prompt prompt{.layout = PromptLayout::kFlat, .num_features = view.features.size(), .context = first_tokens()};
  tokenizer_.append_encoded(context_text(columns_.in_table(view)), /*parse_special=*/false, prompt.context);
  for (size_t k = 0; k < view.labels.size(); ++k) {
    const std::vector<TokenId> tokens = answer_tokens(text_.label(k, view));
    prompt.answers.emplace_back(tokens.begin() + static_cast<ptrdiff_t>(answer_start_.size()), tokens.end());
  }
  return prompt;
}

std::vector<double> TextFormat::relevance() const {
  std::vector<double> result;
  for (const uint32_t index : columns_.columns) {
    const Column& column = text_.shots().columns[index];
    result.push_back(column.is_number() ? number_relevance(column.numbers, text_.labels())
                                        : level_relevance(column.codes, text_.labels()));
  }
  return result;
}

std::vector<QueryTokens> TextFormat::queries(const Table& queries, std::span<const TaskView> views) const {
  std::vector<QueryTokens> result(views.size());
  for (size_t i = 0; i < views.size(); ++i) {
    const TaskView view = columns_.in_table(views[i]);
    for (size_t row = 0; row < queries.num_rows; ++row) {
      tokenizer_.append_encoded(branch_text(queries, row, view), /*parse_special=*/false, result[i].tokens);
      result[i].tokens.insert(result[i].tokens.end(), answer_start_.begin(), answer_start_.end());
      result[i].offsets.push_back(result[i].tokens.size());
    }
  }
  return result;
}

std::string TextFormat::user_text(const Table& queries, const TaskView& view) const {
  return text_.user_text(queries, columns_.in_table(view));
}

std::string TextFormat::prompt_text(const Table& queries, const TaskView& view) const {
  return fmt::format("{}{}{}{}", wrapping_.before, wrapping_.lead, user_text(queries, view), wrapping_.after);
}

std::vector<TokenId> TextFormat::prompt_tokens(const Table& queries, const TaskView& view) const {
  std::vector<TokenId> tokens = first_tokens();
  tokenizer_.append_encoded(wrapping_.lead + user_text(queries, view), /*parse_special=*/false, tokens);
  tokenizer_.append_encoded(wrapping_.after, /*parse_special=*/true, tokens);
  return tokens;
}

}  // namespace manyshot
