#include "lab/world/world.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "lab/world/closure.h"
#include "lab/world/names_index.h"
#include "lab/world/sentence_forms.h"

namespace manyshot::lab {
namespace {

uint32_t known_relation(const NamesIndex& names, const std::string& name) {
  const auto relation = names.relation(name);
  if (!relation) fail(ErrorKind::kBadInput, "there is no relation \"{}\"", excerpt(name));
  return *relation;
}

uint32_t known_entity(const NamesIndex& names, const std::string& name) {
  const auto entity = names.entity(name);
  if (!entity) fail(ErrorKind::kBadInput, "there is no entity \"{}\"", excerpt(name));
  return *entity;
}

void add_rule(InferenceRules& rules, const NamesIndex& names, const Rule& rule) {
  const uint32_t first = known_relation(names, rule.first), then = known_relation(names, rule.then);
  if (rule.second.empty()) {
    rules.relations[first].implied.push_back(then);
    return;
  }
  const uint32_t second = known_relation(names, rule.second);
  rules.relations[first].as_first.push_back({second, then});
  rules.relations[second].as_second.push_back({first, then});
}

InferenceRules rules_of(const WorldParts& parts, const NamesIndex& names) {
  if (parts.relations.size() > InferenceRules::kMostRelations ||
      parts.entities.size() > InferenceRules::kMostEntities) {
    fail(ErrorKind::kBadInput, "{} relations and {} entities are more than a world holds ({} and {})",
         parts.relations.size(), parts.entities.size(), InferenceRules::kMostRelations, InferenceRules::kMostEntities);
  }
  InferenceRules rules;
  rules.relations.resize(parts.relations.size());
  for (uint32_t relation = 0; relation < parts.relations.size(); ++relation) {
    const Relation& given = parts.relations[relation];
    InferenceRules::OfRelation& own = rules.relations[relation];
    own.is_functional = given.is_functional;
    own.is_asymmetric = given.is_asymmetric;
    for (const std::string& excluded : given.excludes) {
      const uint32_t other = known_relation(names, excluded);
      own.excluded.push_back(other);
      rules.relations[other].excluded.push_back(relation);
    }
    if (!given.inverse.empty()) {
      const uint32_t inverse = known_relation(names, given.inverse);
      const auto pair_up = [&](uint32_t one, uint32_t other) {
        if (rules.relations[one].inverse.value_or(other) != other) {
          fail(ErrorKind::kBadInput, "relation \"{}\" is the inverse of two others", parts.relations[one].name);
        }
        rules.relations[one].inverse = other;
      };
      pair_up(relation, inverse);
      pair_up(inverse, relation);
    }
  }
  for (const Rule& rule : parts.rules) add_rule(rules, names, rule);
  return rules;
}

std::string with_capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace

std::string behind_opening(const std::string& opening, std::string sentence, bool is_name) {
  if (!is_name && !sentence.empty() && sentence[0] >= 'A' && sentence[0] <= 'Z')
    sentence[0] = static_cast<char>(sentence[0] - 'A' + 'a');
  if (opening.starts_with("did ") && sentence.ends_with('.')) sentence.back() = '?';
  return with_capital(fmt::format("{} {}", opening, sentence));
}

bool begins_with_name(std::string_view sentence, const Statement& statement) {
  return std::ranges::any_of(std::array{&statement.subject, &statement.object}, [&](const std::string* name) {
    return (*name)[0] >= 'A' && (*name)[0] <= 'Z' && sentence.starts_with(*name);
  });
}

struct World::State {
  explicit State(WorldParts given)
      : parts(std::move(given)), names(parts), rules(rules_of(parts, names)), forms(parts, names), closure(rules) {
    for (uint32_t fact = 0; fact < parts.facts.size(); ++fact) {
      const auto& [id, statement] = parts.facts[fact];
      if (id.empty() || !fact_numbers.emplace(id, fact).second) {
        fail(ErrorKind::kBadInput, "two facts have the id \"{}\", or one has none", excerpt(id));
      }
      check_types(id, statement);
      closure.add(numbered(statement), fact);
    }
    closure.close();
    if (!closure.clash()) return;
    fail(ErrorKind::kBadInput, "the facts contradict each other: \"{}\" and \"{}\"", said(closure.clash()->first),
         said(closure.clash()->second));
  }

  Literal numbered(const Statement& statement) const {
    return {known_relation(names, statement.relation), known_entity(names, statement.subject),
            known_entity(names, statement.object), statement.negated};
  }
  Statement named(const Literal& literal) const {
    return {parts.entities[literal.subject].name, parts.relations[literal.relation].name,
            parts.entities[literal.object].name, literal.negated};
  }
  bool knows(const Statement& statement) const {
    return names.relation(statement.relation) && names.entity(statement.subject) && names.entity(statement.object);
  }
  void check_types(const std::string& id, const Statement& statement) const {
    const Literal literal = numbered(statement);
    const Relation& relation = parts.relations[literal.relation];
    const auto fits = [](const std::string& type, const Entity& entity) { return type.empty() || type == entity.type; };
    if (fits(relation.subject_type, parts.entities[literal.subject]) &&
        fits(relation.object_type, parts.entities[literal.object]) && literal.subject != literal.object) {
      return;
    }
    fail(ErrorKind::kBadInput, "fact \"{}\": \"{}\" does not stand between \"{}\" and \"{}\"", excerpt(id),
         excerpt(relation.name), excerpt(statement.subject), excerpt(statement.object));
  }
  std::string said(const Literal& literal) const {
    const auto [before, last, after, last_is_object] =
        forms.parts_of(literal.relation, literal.subject, literal.object, 0);
    return fmt::format("{}{}{}{}", literal.negated ? kSayNegated : "", before, last, after);
  }

  WorldParts parts;
  NamesIndex names;
  InferenceRules rules;
  SentenceForms forms;
  Closure closure;
  std::unordered_map<std::string, uint32_t> fact_numbers;
};

World::World() : World(WorldParts{}) {}
World::World(WorldParts parts) : state_(std::make_shared<const State>(std::move(parts))) {}

const WorldParts& World::parts() const { return state_->parts; }
const std::vector<Fact>& World::facts() const { return state_->parts.facts; }

Verdict World::judge(const Statement& statement) const {
  if (!state_->knows(statement)) return Verdict::kUnknown;
  Literal literal = state_->numbered(statement);
  const Verdict if_holds = literal.negated ? Verdict::kContradicted : Verdict::kEntailed;
  const Verdict if_not = literal.negated ? Verdict::kEntailed : Verdict::kContradicted;
  literal.negated = false;
  if (state_->closure.holds(literal)) return if_holds;
  Closure with(state_->rules, &state_->closure);
  with.add(literal, 0);
  with.close();
  return with.clash() ? if_not : Verdict::kUnknown;
}

std::optional<Statement> World::reversed(const Statement& statement) const {
  const Literal literal = state_->numbered(statement);
  const auto inverse = state_->rules.relations[literal.relation].inverse;
  if (!inverse) return std::nullopt;
  return state_->named({*inverse, literal.object, literal.subject, literal.negated});
}

std::vector<Statement> World::consequences(std::span<const std::string> fact_ids, int max_hops) const {
  Closure closure(state_->rules);
  std::set<Literal> given;
  for (const std::string& id : fact_ids) {
    const auto fact = state_->fact_numbers.find(id);
    if (fact == state_->fact_numbers.end()) fail(ErrorKind::kBadInput, "there is no fact \"{}\"", excerpt(id));
    const Literal literal = state_->numbered(facts()[fact->second].statement);
    given.insert(literal);
    closure.add(literal, fact->second);
  }
  closure.close(static_cast<uint32_t>(std::max(max_hops, 0)));
  std::vector<Statement> statements;
  for (const Literal& literal : closure.derived()) {
    if (!given.contains(literal)) statements.push_back(state_->named(literal));
  }
  return statements;
}

std::vector<std::string> World::support(const Statement& statement) const {
  std::vector<std::string> ids;
  if (!state_->knows(statement)) return ids;
  for (const uint32_t fact : state_->closure.support(state_->numbered(statement))) ids.push_back(facts()[fact].id);
  return ids;
}

std::vector<Statement> World::read(std::string_view text, std::vector<std::string>* unread) const {
  std::vector<Statement> statements;
  for (const std::string_view sentence : sentences(text)) {
    if (auto statement = state_->forms.read(sentence)) {
      statements.push_back(std::move(*statement));
    } else if (unread != nullptr && !state_->forms.is_lead(sentence)) {
      unread->emplace_back(sentence);
    }
  }
  return statements;
}

std::vector<std::string_view> World::sentences(std::string_view text) const { return state_->forms.sentences(text); }

size_t World::num_forms(const std::string& relation) const {
  return state_->forms.forms(known_relation(state_->names, relation)).size();
}

std::string World::say(const Statement& statement, uint64_t form) const {
  const Literal literal = state_->numbered(statement);
  const auto parts = state_->forms.parts_of(literal.relation, literal.subject, literal.object, form);
  return with_capital(
      fmt::format("{}{}{}{}.", statement.negated ? kSayNegated : "", parts.before, parts.last, parts.after));
}

std::string World::lead_in(std::span<const std::string> names, uint64_t lead) const {
  const std::vector<std::string>& leads = parts().leads;
  if (leads.empty() || names.empty())
    fail(ErrorKind::kBadInput, "the world has no leads to name things by, or there is nothing to name");
  std::vector<std::string> plurals;
  for (const std::string& name : names)
    plurals.push_back(parts().entities[known_entity(state_->names, name)].several());
  const std::string last = std::move(plurals.back());
  plurals.pop_back();
  const std::string_view joined = plurals.empty() ? "" : " and ";
  return with_capital(fmt::format("{} {}{}{}.", leads[lead % leads.size()], fmt::join(plurals, ", "), joined, last));
}

std::optional<Cloze> World::cloze(const Statement& statement, uint64_t form) const {
  const Literal literal = state_->numbered(statement);
  auto parts = state_->forms.parts_of(literal.relation, literal.subject, literal.object, form);
  if (statement.negated || !parts.after.empty()) return std::nullopt;
  const std::string_view blank = parts.before.ends_with(' ') ? " " : "";
  while (parts.before.ends_with(' ')) parts.before.pop_back();
  return Cloze{.prompt = with_capital(parts.before),
               .answer = fmt::format("{}{}.", blank, parts.last),
               .asks_object = parts.last_is_object};
}

}  // namespace manyshot::lab
