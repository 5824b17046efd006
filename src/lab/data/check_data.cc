#include "lab/data/check_data.h"

#include <set>

#include "core/text.h"

namespace manyshot::lab {

DataCheck::DataCheck(const World& world, ErrorKind kind) : kind_(kind) {
  for (const Fact& fact : world.facts()) facts_.insert(fact.id);
}

void DataCheck::take(const LabDocument& document, const std::string& place) {
  take_id(document_ids_, document.id, place);
  if (document.text.empty()) fail(kind_, "{}: the text is empty", place);
  if (document.prompt_bytes >= document.text.size()) {
    fail(kind_, "{}: a prompt of {} bytes leaves nothing of a text of {}", place, document.prompt_bytes,
         document.text.size());
  }
  check_facts(document.facts, place);
}

void DataCheck::take(const LabQuestion& question, const std::string& place) {
  take_id(question_ids_, question.id, place);
  const std::vector<std::string>& alternatives = question.alternatives;
  std::set<std::string> different;
  for (const std::string& alternative : alternatives) {
    if (alternative.empty()) fail(kind_, "{}: an alternative is empty", place);
    if (!different.insert(alternative).second) {
      fail(kind_, "{}: two alternatives are \"{}\"; each must be another text", place, excerpt(alternative));
    }
    if (question.prompt.find(alternative) != std::string::npos) {
      fail(kind_, "{}: the prompt shows the alternative \"{}\"", place, excerpt(alternative));
    }
  }
  const std::set<uint32_t> gold(question.gold.begin(), question.gold.end());
  const bool is_there = gold.empty() || *gold.rbegin() < alternatives.size();
  if (gold.empty() || !is_there || gold.size() != question.gold.size() || gold.size() >= alternatives.size()) {
    fail(kind_, "{}: gold names {} of {} alternatives; expected one at least, not all, each once and from 0", place,
         question.gold.size(), alternatives.size());
  }
  if (question.hops < 1) fail(kind_, "{}: hops is {}, expected at least 1", place, question.hops);
  check_facts(question.facts, place);
}

void DataCheck::take_id(std::unordered_set<std::string>& ids, const std::string& id, const std::string& place) {
  if (id.empty() || !ids.insert(id).second) {
    fail(kind_, "{}: the id \"{}\" is empty or was there before", place, excerpt(id));
  }
}

void DataCheck::check_facts(const std::vector<std::string>& facts, const std::string& place) {
  for (const std::string& fact : facts) {
    if (!facts_.contains(fact)) fail(kind_, "{}: there is no fact \"{}\" in the world", place, excerpt(fact));
  }
}

}  // namespace manyshot::lab
