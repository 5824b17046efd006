#include "lab/make/data_builder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "lab/world/names_index.h"

namespace manyshot::lab {
namespace {

std::string numbered(char letter, size_t number) { return fmt::format("{}{:05}", letter, number); }

// Bytes that all texts begin with, up to the last blank among them.
size_t shared_bytes(std::span<const std::string> texts) {
  size_t shared = texts.front().size();
  for (const std::string& text : texts) {
    const auto end = std::ranges::mismatch(texts.front(), text).in1;
    shared = std::min(shared, static_cast<size_t>(end - texts.front().begin()));
  }
  const size_t blank = texts.front().substr(0, shared).rfind(' ');
  return blank == std::string::npos ? 0 : blank;
}

// The statement with another thing in the place that `cloze` leaves out.
Statement with_answer(Statement statement, const Cloze& cloze, const std::string& name) {
  (cloze.asks_object ? statement.object : statement.subject) = name;
  return statement;
}

}  // namespace

DataBuilder::DataBuilder(World world, const Rng& rng, TokenCounter count_tokens)
    : rng_(rng), count_tokens_(std::move(count_tokens)) {
  data_.world = std::move(world);
}

void DataBuilder::add(LabDocument document) {
  document.id = numbered('d', data_.documents.size() + 1);
  data_.documents.push_back(std::move(document));
}

void DataBuilder::add(LabQuestion question) {
  question.id = numbered('q', data_.questions.size() + 1);
  data_.questions.push_back(std::move(question));
}

void DataBuilder::ask(const Statement& statement, std::span<const std::string> candidates, const Asking& asking) {
  const Cloze right = cloze(statement, asking);
  Answers answers{.prompt = right.prompt, .right = {right.answer}};
  for (const std::string& name : by_length(candidates, statement, right, asking)) {
    if (answers.wrong.size() + 1 >= asking.alternatives) break;
    const Statement other = with_answer(statement, right, name);
    if (other.subject == other.object || world().judge(other) == Verdict::kEntailed) continue;
    const std::string answer = cloze(other, asking).answer;
    if (right.prompt.find(answer) == std::string::npos) answers.wrong.push_back(answer);
  }
  add_question(answers, statement, asking);
}

std::vector<std::string> DataBuilder::by_length(std::span<const std::string> candidates, const Statement& statement,
                                                const Cloze& right, const Asking& asking) {
  const Rng rng = rng_.child("distractors", data_.questions.size());
  const std::set<std::string> different(candidates.begin(), candidates.end());
  const size_t length = answer_length(right.answer);
  std::vector<std::pair<size_t, std::string>> order;
  for (const std::string& name : shuffled(std::vector(different.begin(), different.end()), rng)) {
    const size_t other = answer_length(cloze(with_answer(statement, right, name), asking).answer);
    order.emplace_back(std::max(length, other) - std::min(length, other), name);
  }
  std::ranges::stable_sort(order, {}, &std::pair<size_t, std::string>::first);
  std::vector<std::string> names;
  for (auto& [difference, name] : order) names.push_back(std::move(name));
  return names;
}

size_t DataBuilder::answer_length(const std::string& answer) {
  const auto [found, is_new] = lengths_.emplace(answer, 0);
  if (is_new) found->second = length_of(answer, count_tokens_);
  return found->second;
}

Cloze DataBuilder::cloze(const Statement& statement, const Asking& asking) const {
  auto cloze = world().cloze(statement, asking.form);
  if (!cloze) fail(ErrorKind::kInternal, "form {} of \"{}\" leaves nothing out", asking.form, statement.relation);
  if (asking.plain) {
    cloze->prompt = lower(cloze->prompt);
    cloze->answer.pop_back();
  }
  return *cloze;
}

void DataBuilder::ask_which(const std::string& lead, std::span<const Statement> statements,
                            std::span<const Statement> gold, const Asking& asking) {
  std::vector<std::string> sentences;
  std::vector<bool> is_gold;
  for (const Statement& statement : statements) {
    const bool is_right = std::ranges::find(gold, statement) != gold.end();
    if (!is_right && world().judge(statement) == Verdict::kEntailed) continue;
    sentences.push_back((lead.empty() ? "" : " ") + world().say(statement, asking.form));
    is_gold.push_back(is_right);
  }
  const size_t shared = lead.empty() ? shared_bytes(sentences) : 0;
  Answers answers{.prompt = lead + sentences.front().substr(0, shared)};
  for (size_t sentence = 0; sentence < sentences.size(); ++sentence) {
    (is_gold[sentence] ? answers.right : answers.wrong).push_back(sentences[sentence].substr(shared));
  }
  add_question(answers, gold.front(), asking);
}

void DataBuilder::add_question(const Answers& answers, const Statement& statement, const Asking& asking) {
  std::vector<std::string> support = world().support(statement);
  const auto is_shown = [&](const std::string& answer) { return answers.prompt.find(answer) != std::string::npos; };
  if (answers.wrong.empty() || support.empty() || std::ranges::any_of(answers.right, is_shown)) return;
  const size_t number = data_.questions.size();
  std::vector<std::string> all = answers.right;
  all.insert(all.end(), answers.wrong.begin(), answers.wrong.end());
  const std::vector<uint32_t> order =
      rng_.child("order of alternatives", number).permutation(static_cast<uint32_t>(all.size()));
  const bool is_name = begins_with_name(answers.prompt, statement);
  LabQuestion question{
      .split = asking.split,
      .kind = asking.kind,
      .prompt = asking.opening.empty() ? answers.prompt : behind_opening(asking.opening, answers.prompt, is_name),
      .entities = {statement.subject, statement.object},
      .hops = static_cast<int>(support.size())};
  for (uint32_t place = 0; place < order.size(); ++place) {
    question.alternatives.push_back(all[order[place]]);
    if (order[place] < answers.right.size()) question.gold.push_back(place);
  }
  question.facts = std::move(support);
  add(std::move(question));
}

LabData DataBuilder::finish(std::string kind, uint64_t seed, Json options) && {
  data_.kind = std::move(kind);
  data_.seed = seed;
  data_.options = std::move(options);
  return std::move(data_);
}

}  // namespace manyshot::lab
