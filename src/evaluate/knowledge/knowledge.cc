#include "evaluate/knowledge/knowledge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/progress.h"
#include "core/rng.h"

namespace manyshot {
namespace {

std::string question_text(const Question& question) {
  std::string text = question.question + "\n";
  for (size_t i = 0; i < kNumChoices; ++i) text += fmt::format("{}. {}\n", kChoiceLetters[i], question.choices[i]);
  return text + "Answer:";
}

std::string answer_text(size_t choice) { return fmt::format(" {}", kChoiceLetters[choice]); }

// The questions of each subject, as indices, and the subjects in the order of the file.
struct Subjects {
  explicit Subjects(const std::vector<Question>& questions) {
    for (size_t i = 0; i < questions.size(); ++i) {
      const auto [at, is_new] = questions_of.try_emplace(questions[i].subject);
      if (is_new) names.push_back(questions[i].subject);
      at->second.push_back(i);
    }
  }
  std::vector<std::string> names;
  std::map<std::string, std::vector<size_t>> questions_of;
};

// Makes the prompts, subject by subject.
class PromptWriter {
 public:
  PromptWriter(const PromptScorer& scorer, const std::vector<Question>& questions, const Subjects& subjects,
               size_t num_shots, uint64_t seed)
      : scorer_(scorer), questions_(questions), num_shots_(num_shots) {
    for (const std::string& name : subjects.names) {
      const std::vector<size_t>& all = subjects.questions_of.at(name);
      std::vector<size_t>& drawn = drawn_[name];
      const Rng rng = Rng(seed).child("knowledge").child(name);
      for (const uint32_t place : rng.permutation(static_cast<uint32_t>(all.size()))) drawn.push_back(all[place]);
      order_.insert(order_.end(), all.begin(), all.end());
    }
  }

  // The questions in the order in which they are asked.
  const std::vector<size_t>& order() const { return order_; }

  // `shots` becomes the demonstrations.
  std::string prompt(size_t question, std::vector<size_t>& shots) {
    const std::string& subject = questions_[question].subject;
    for (const size_t other : drawn_.at(subject)) {
      if (other != question && shots.size() < num_shots_) shots.push_back(other);
    }
    if (shots.size() < num_shots_) small_subjects_.insert(subject);
    std::string text = knowledge_prompt(questions_, question, shots);
    const size_t all_shots = shots.size();
    while (!shots.empty() && !scorer_.fits(text)) {
      shots.pop_back();
      text = knowledge_prompt(questions_, question, shots);
    }
    num_shortened_ += shots.size() < all_shots;
    return text;
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    if (!small_subjects_.empty()) {
      notes.push_back(fmt::format(
          "{} subjects have no {} other questions: each of theirs is asked with all others as demonstrations",
          small_subjects_.size(), num_shots_));
    }
    if (num_shortened_ > 0) {
      notes.push_back(
          fmt::format("{} prompts would not fit the model's window: they have fewer demonstrations", num_shortened_));
    }
    return notes;
  }

 private:
  const PromptScorer& scorer_;
  const std::vector<Question>& questions_;
  size_t num_shots_;
  std::map<std::string, std::vector<size_t>> drawn_;  // each subject's questions in the order drawn
  std::vector<size_t> order_;
  std::set<std::string> small_subjects_;
  uint64_t num_shortened_ = 0;
};

double log_loss(const KnowledgeAnswer& answer, size_t right) {
  const double largest = *std::max_element(answer.log_probs.begin(), answer.log_probs.end());
  double sum = 0;
  for (const double log_prob : answer.log_probs) sum += std::exp(log_prob - largest);
  return largest + std::log(sum) - answer.log_probs[right];
}

void sum_up(const std::vector<Question>& questions, const Subjects& subjects, KnowledgeResult& result) {
  double variance = 0;
  for (const std::string& name : subjects.names) {
    Accuracy accuracy;
    for (const size_t i : subjects.questions_of.at(name)) {
      ++accuracy.num_questions;
      accuracy.num_correct += result.answers[i].chosen == questions[i].answer;
    }
    result.all.num_questions += accuracy.num_questions;
    result.all.num_correct += accuracy.num_correct;
    result.macro_accuracy += accuracy.value() / static_cast<double>(subjects.names.size());
    variance += accuracy.standard_error() * accuracy.standard_error();
    result.subjects.push_back({name, accuracy});
  }
  result.macro_standard_error = std::sqrt(variance) / static_cast<double>(subjects.names.size());
  for (size_t i = 0; i < questions.size(); ++i) {
    result.log_loss += log_loss(result.answers[i], questions[i].answer) / static_cast<double>(questions.size());
  }
}

}  // namespace

double Accuracy::value() const {
  return num_questions == 0 ? 0 : static_cast<double>(num_correct) / static_cast<double>(num_questions);
}

double Accuracy::standard_error() const {
  return num_questions == 0 ? 0 : std::sqrt(value() * (1 - value()) / static_cast<double>(num_questions));
}

std::string knowledge_prompt(const std::vector<Question>& questions, size_t question, std::span<const size_t> shots) {
  std::string subject = questions[question].subject;
  std::replace(subject.begin(), subject.end(), '_', ' ');
  std::string text = fmt::format("The following are multiple choice questions (with answers) about {}.\n\n", subject);
  for (const size_t shot : shots) {
    text += question_text(questions[shot]) + answer_text(questions[shot].answer) + "\n\n";
  }
  return text + question_text(questions[question]);
}

KnowledgeResult score_knowledge(const PromptScorer& scorer, const std::vector<Question>& questions, int num_shots,
                                uint64_t seed) {
  const Subjects subjects(questions);
  PromptWriter writer(scorer, questions, subjects, static_cast<size_t>(num_shots), seed);
  KnowledgeResult result{.answers = std::vector<KnowledgeAnswer>(questions.size())};
  Progress progress("knowledge", questions.size(), "questions");
  size_t num_asked = 0, num_answered = 0;
  scorer.score(
      [&](ScoreRequest& request) {
        if (num_asked == questions.size()) return false;
        const size_t question = writer.order()[num_asked++];
        request.prompt = writer.prompt(question, result.answers[question].shots);
        request.continuations.clear();
        for (size_t i = 0; i < kNumChoices; ++i) request.continuations.push_back(answer_text(i));
        return true;
      },
      [&](const ScoreRequest&, const std::vector<ContinuationScore>& scores) {
        KnowledgeAnswer& answer = result.answers[writer.order()[num_answered++]];
        for (size_t i = 0; i < kNumChoices; ++i) answer.log_probs[i] = scores[i].log_prob;
        answer.chosen = static_cast<size_t>(std::max_element(answer.log_probs.begin(), answer.log_probs.end()) -
                                            answer.log_probs.begin());
        progress.add();
      });
  result.notes = writer.notes();
  sum_up(questions, subjects, result);
  return result;
}

Json to_json(const KnowledgeResult& result) {
  Json subjects = Json::object(), answers = Json::array();
  for (const auto& [name, accuracy] : result.subjects) {
    subjects[name] = {{"questions", accuracy.num_questions},
                      {"accuracy", accuracy.value()},
                      {"standard_error", accuracy.standard_error()}};
  }
  for (const KnowledgeAnswer& answer : result.answers) {
    answers.push_back({{"answer", std::string(1, kChoiceLetters[answer.chosen])},
                       {"log_probs", answer.log_probs},
                       {"shots", answer.shots}});
  }
  return {{"questions", result.all.num_questions},
          {"accuracy", result.all.value()},
          {"standard_error", result.all.standard_error()},
          {"macro_accuracy", result.macro_accuracy},
          {"macro_standard_error", result.macro_standard_error},
          {"log_loss", result.log_loss},
          {"notes", result.notes},
          {"subjects", subjects},
          {"answers", answers}};
}

}  // namespace manyshot
