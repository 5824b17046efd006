#include "evaluate/endpoint/label_scores.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace manyshot {
namespace {

constexpr std::string_view kBlanks = " \t\r\n", kLabelEnds = "\"'},] \t\r\n";

std::string_view without_quotes(std::string_view label) {
  if (label.size() >= 2 && label.front() == '"' && label.back() == '"') label = label.substr(1, label.size() - 2);
  return label;
}

std::string_view without_blanks_before(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

// Labels that `written`, the beginning of a JSON value, may be or become.
std::vector<size_t> possible_labels(std::string_view written, std::span<const std::string> labels) {
  if (!written.empty() && (written.front() == '"' || written.front() == '\'')) written.remove_prefix(1);
  std::vector<size_t> possible;
  std::optional<size_t> ended;  // the longest label that `written` holds whole
  for (size_t k = 0; k < labels.size(); ++k) {
    const std::string_view label = without_quotes(labels[k]);
    if (label.starts_with(written)) possible.push_back(k);
    const bool ends = written.size() > label.size() && written.starts_with(label) &&
                      kLabelEnds.find(written[label.size()]) != std::string_view::npos;
    if (ends && (!ended || label.size() > without_quotes(labels[*ended]).size())) ended = k;
  }
  if (possible.empty() && ended) possible.push_back(*ended);
  return possible;
}

// Where a value begins: the token, and how many of its bytes stand before.
struct ValuePlace {
  size_t token = 0, before = 0;
};

std::optional<ValuePlace> find_value(std::span<const CompletionToken> tokens, size_t place) {
  size_t begin = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& text = tokens[i].written.text;
    const size_t from = place > begin ? place - begin : 0;
    if (from < text.size()) {
      const size_t value = text.find_first_not_of(kBlanks, from);
      if (value != std::string::npos) return ValuePlace{i, value};
    }
    begin += text.size();
  }
  return std::nullopt;
}

// `choice` in place of a token that begins with `before`: what it adds to the value, or nothing if it begins otherwise.
std::optional<std::string_view> added(std::string_view choice, std::string_view before) {
  before = before.substr(0, before.find_last_not_of(kBlanks) + 1);
  if (!choice.starts_with(before)) return std::nullopt;
  return without_blanks_before(choice.substr(before.size()));
}

}  // namespace

std::vector<float> label_scores(std::span<const CompletionToken> tokens, size_t place,
                                std::span<const std::string> labels) {
  std::vector<double> likelihoods(labels.size());
  const auto share_out = [&](double likelihood, const std::vector<size_t>& possible) {
    for (const size_t k : possible) likelihoods[k] += likelihood / static_cast<double>(possible.size());
  };
  std::string written;    // of the value so far
  double likelihood = 1;  // of that
  const std::optional<ValuePlace> value = find_value(tokens, place);
  for (size_t i = value ? value->token : tokens.size(); i < tokens.size(); ++i) {
    const CompletionToken& token = tokens[i];
    const std::string_view before = std::string_view(token.written.text).substr(0, written.empty() ? value->before : 0);
    for (const TokenChoice& choice : token.choices) {
      if (choice.text == token.written.text) continue;
      const auto rest = written.empty() ? added(choice.text, before) : std::optional<std::string_view>(choice.text);
      if (!rest) continue;
      const std::vector<size_t> possible = possible_labels(written + std::string(*rest), labels);
      const bool says_nothing = possible.size() == labels.size();
      if (!says_nothing) share_out(likelihood * std::exp(choice.log_prob), possible);
    }
    written += std::string_view(token.written.text).substr(before.size());
    likelihood *= std::exp(token.written.log_prob);
    const std::vector<size_t> possible = possible_labels(written, labels);
    if (possible.size() > 1 && i + 1 < tokens.size()) continue;
    share_out(likelihood, possible);
    break;
  }
  std::vector<float> scores;
  for (const double value_likelihood : likelihoods) scores.push_back(static_cast<float>(std::log(value_likelihood)));
  return scores;
}

}  // namespace manyshot
