#include "lab/score/question_scores.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/error.h"
#include "core/progress.h"
#include "core/stopwatch.h"
#include "lab/words/word_bytes.h"

namespace manyshot::lab {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && !is_word_byte(text.front())) text.remove_prefix(1);
  while (!text.empty() && !is_word_byte(text.back())) text.remove_suffix(1);
  return text;
}

// Whether `text` has `words` as whole words, behind at least one other.
bool has_behind_beginning(std::string_view text, std::string_view words) {
  for (size_t place = text.find(words, 1); place != std::string_view::npos; place = text.find(words, place + 1)) {
    const size_t end = place + words.size();
    if (!is_word_byte(text[place - 1]) && (end == text.size() || !is_word_byte(text[end])) &&
        std::ranges::any_of(text.substr(0, place), is_word_byte)) {
      return true;
    }
  }
  return false;
}

// Every alternative of any question, once, behind what stands before the questions.
ScoreRequest prior_request(std::span<const LabQuestion> questions, const std::string& before) {
  std::set<std::string> alternatives;
  for (const LabQuestion& question : questions)
    alternatives.insert(question.alternatives.begin(), question.alternatives.end());
  return {.prompt = before.empty() ? "\n" : before, .continuations = {alternatives.begin(), alternatives.end()}};
}

QuestionScores scores_of(const ScoreRequest& request, const std::vector<ContinuationScore>& scores,
                         const std::map<std::string, double>& priors) {
  QuestionScores answers;
  for (size_t i = 0; i < scores.size(); ++i) {
    answers.alternatives.push_back(
        {.log_prob = scores[i].log_prob, .prior = priors.at(request.continuations[i]), .tokens = scores[i].num_tokens});
  }
  return answers;
}

}  // namespace

double AlternativeScore::value(Measure measure) const {
  switch (measure) {
    case Measure::kSum:
      return log_prob;
    case Measure::kMean:
      return tokens > 0 ? log_prob / static_cast<double>(tokens) : log_prob;
    case Measure::kPrior:
      return log_prob - prior;
  }
  return log_prob;
}

size_t QuestionScores::chosen(Measure measure) const {
  const auto best = std::ranges::max_element(
      alternatives, {}, [measure](const AlternativeScore& alternative) { return alternative.value(measure); });
  return static_cast<size_t>(best - alternatives.begin());
}

bool QuestionScores::is_right(const LabQuestion& question, Measure measure) const {
  return std::ranges::find(question.gold, static_cast<uint32_t>(chosen(measure))) != question.gold.end();
}

std::vector<QuestionScores> score_questions(const PromptScorer& scorer, std::span<const LabQuestion> questions,
                                            const std::string& before, ScoreTimes* times) {
  std::vector<QuestionScores> result;
  std::map<std::string, double> priors;
  size_t given = 0;  // requests, the priors being the first
  double first_s = 0;
  const Stopwatch watch;
  Progress progress("lab: questions", questions.size(), "questions");
  scorer.score(
      [&](ScoreRequest& request) {
        if (given > questions.size()) return false;
        if (given == 0) {
          request = prior_request(questions, before);
        } else {
          const LabQuestion& question = questions[given - 1];
          request = {.prompt = before + question.prompt, .continuations = question.alternatives};
        }
        ++given;
        return true;
      },
      [&](const ScoreRequest& request, const std::vector<ContinuationScore>& scores) {
        if (priors.empty()) {
          for (size_t i = 0; i < scores.size(); ++i) priors[request.continuations[i]] = scores[i].log_prob;
          first_s = watch.seconds();
          return;
        }
        result.push_back(scores_of(request, scores, priors));
        progress.add();
      });
  if (times != nullptr && !questions.empty())
    *times = {.first_s = first_s, .question_s = (watch.seconds() - first_s) / static_cast<double>(questions.size())};
  return result;
}

void mark_targets(std::span<const LabQuestion> questions, std::span<const std::string> texts,
                  std::vector<QuestionScores>& scores) {
  std::map<std::string, bool, std::less<>> was_target;
  for (size_t i = 0; i < questions.size(); ++i) {
    for (size_t k = 0; k < questions[i].alternatives.size(); ++k) {
      const std::string words(trimmed(questions[i].alternatives[k]));
      const auto [place, is_new] = was_target.try_emplace(words, false);
      if (is_new && !words.empty()) {
        place->second =
            std::ranges::any_of(texts, [&](const std::string& text) { return has_behind_beginning(text, words); });
      }
      scores[i].alternatives[k].was_target = place->second;
    }
  }
}

Json to_json(std::span<const LabQuestion> questions, std::span<const QuestionScores> scores) {
  Json list = Json::array();
  for (size_t i = 0; i < scores.size(); ++i) {
    Json entry = {{"id", questions[i].id},      {"has_support", scores[i].has_support},
                  {"log_probs", Json::array()}, {"priors", Json::array()},
                  {"tokens", Json::array()},    {"was_target", Json::array()}};
    for (const AlternativeScore& alternative : scores[i].alternatives) {
      entry["log_probs"].push_back(alternative.log_prob);
      entry["priors"].push_back(alternative.prior);
      entry["tokens"].push_back(alternative.tokens);
      entry["was_target"].push_back(alternative.was_target);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

std::vector<QuestionScores> read_question_scores(const Json& json, std::span<const LabQuestion> questions,
                                                 const std::string& path) {
  std::vector<QuestionScores> result;
  try {
    if (json.size() != questions.size()) throw std::invalid_argument("another number of questions");
    for (size_t i = 0; i < questions.size(); ++i) {
      const Json& entry = json.at(i);
      if (entry.at("id").get<std::string>() != questions[i].id) throw std::invalid_argument("other questions");
      QuestionScores scores{.alternatives = {}, .has_support = entry.at("has_support").get<bool>()};
      for (size_t k = 0; k < questions[i].alternatives.size(); ++k) {
        scores.alternatives.push_back({.log_prob = entry.at("log_probs").at(k).get<double>(),
                                       .prior = entry.at("priors").at(k).get<double>(),
                                       .tokens = entry.at("tokens").at(k).get<uint64_t>(),
                                       .was_target = entry.at("was_target").at(k).get<bool>()});
      }
      result.push_back(std::move(scores));
    }
  } catch (const std::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: the scores do not fit the data ({}); remove the file to score again", path,
         error.what());
  }
  return result;
}

}  // namespace manyshot::lab
