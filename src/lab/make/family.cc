// Families of three generations: told is who is whose parent; asked are children, siblings, grandparents and beyond.
#include <array>
#include <map>

#include "core/error.h"
#include "lab/make/make.h"
#include "lab/make/openings.h"

namespace manyshot::lab {
namespace {

constexpr const char* kPerson = "person";

Relation between_people(std::string name, std::vector<std::string> forms, std::string inverse) {
  return {.name = std::move(name),
          .subject_type = kPerson,
          .object_type = kPerson,
          .forms = std::move(forms),
          .inverse = std::move(inverse)};
}

WorldParts kinship() {
  WorldParts parts{
      .relations =
          {between_people(
               "parent of",
               {"{subject} is a parent of {object}", "{subject} raised {object}",
                "{subject} has a child called {object}", "the family of {subject} includes a child, {object}",
                "the child that {subject} brought up is {object}"},
               "child of"),
           between_people("child of",
                          {"{subject} is a child of {object}", "{subject} was raised by {object}",
                           "{subject} has a parent called {object}"},
                          ""),
           between_people("grandparent of",
                          {"{subject} is a grandparent of {object}", "{subject} has a grandchild called {object}"},
                          "grandchild of"),
           between_people("grandchild of",
                          {"{subject} is a grandchild of {object}", "{subject} has a grandparent called {object}"}, ""),
           between_people(
               "sibling of",
               {"{subject} is a sibling of {object}", "{subject} grew up as the brother or sister of {object}"},
               "sibling of"),
           between_people("uncle or aunt of", {"{subject} is an uncle or aunt of {object}"}, "nephew or niece of"),
           between_people("nephew or niece of", {"{subject} is a nephew or niece of {object}"}, ""),
           between_people("cousin of", {"{subject} is a cousin of {object}"}, "cousin of")},
      .rules = {{"parent of", "parent of", "grandparent of"},
                {"child of", "parent of", "sibling of"},
                {"sibling of", "parent of", "uncle or aunt of"},
                {"child of", "uncle or aunt of", "cousin of"}},
      .openings = openings()};
  for (Relation& relation : parts.relations) relation.is_asymmetric = relation.inverse != relation.name;
  // Nobody is two of these to the same person.
  for (Relation& relation : parts.relations) {
    for (const Relation& other : parts.relations) {
      if (&other > &relation) relation.excludes.push_back(other.name);
    }
  }
  return parts;
}

World families_world(const MakeInput& input) {
  constexpr std::array<size_t, 7> kParents{0, 0, 0, 1, 1, 2, 2};  // the first has none; two children each
  const auto num_families = static_cast<size_t>(*input.sizes().families);
  WorldParts parts = kinship();
  const std::vector<std::string> names =
      WordSource(input.rng.child("words"), input.count_tokens, WordCase::kCapital).take(num_families * kParents.size());
  for (size_t person = 0; person < names.size(); ++person) {
    const std::string& name = names[person];
    parts.entities.push_back({.name = name, .type = kPerson});
    const size_t place = person % kParents.size();
    if (place == 0) continue;
    const std::string& parent = parts.entities[person - place + kParents[place]].name;
    parts.facts.push_back({fmt::format("f{:04}", parts.facts.size() + 1), {parent, "parent of", name}});
  }
  return World(std::move(parts));
}

// Those who stand at the asked end of the relation somewhere, by what follows from the facts.
std::vector<std::string> at_the_end(std::span<const Statement> statements, const std::string& relation) {
  std::vector<std::string> names;
  for (const Statement& statement : statements) {
    if (statement.relation == relation && std::ranges::find(names, statement.object) == names.end()) {
      names.push_back(statement.object);
    }
  }
  return names;
}

std::string split_of(const std::string& relation, size_t hops) {
  if (relation == "parent of") return "forward";
  return hops == 1 ? "reversal" : "composition";
}

void add_articles(DataBuilder& data, const Fact& fact, size_t articles, const Rng& rng) {
  const size_t forms = data.world().num_forms(fact.statement.relation);
  const std::vector<uint32_t> order = rng.permutation(static_cast<uint32_t>(openings().size()));
  if (articles > forms * order.size()) {
    refuse_option("articles", "{} articles of a fact are more than there are ways to say it; ask for at most {}",
                  articles, forms * order.size());
  }
  for (size_t article = 0; article < articles; ++article) {
    // The first sentences stand without an opening.
    const std::string sentence = data.world().say(fact.statement, article);
    const bool proper_name = sentence.starts_with(fact.statement.subject);
    data.add({.text = article < forms ? sentence : opened(sentence, order[article % order.size()], proper_name),
              .style = "article",
              .facts = {fact.id},
              .group = fact.id});
  }
}

}  // namespace

DataBuilder make_family(const MakeInput& input) {
  DataBuilder data(families_world(input), input.rng.child("questions"), input.count_tokens);
  std::vector<std::string> ids;
  for (const Fact& fact : data.world().facts()) {
    ids.push_back(fact.id);
    add_articles(data, fact, static_cast<size_t>(*input.sizes().articles), input.rng.child("articles", ids.size()));
  }
  std::vector<Statement> all;
  for (const Fact& fact : data.world().facts()) all.push_back(fact.statement);
  const std::vector<Statement> derived = data.world().consequences(ids, 4);
  all.insert(all.end(), derived.begin(), derived.end());
  std::map<std::string, size_t> asked;  // by split
  for (const Statement& statement : shuffled(all, input.rng.child("order of questions"))) {
    const std::string split = split_of(statement.relation, data.world().support(statement).size());
    if (++asked[split] > static_cast<size_t>(*input.sizes().questions)) continue;
    data.ask(statement, at_the_end(all, statement.relation),
             {.split = split, .kind = statement.relation, .alternatives = input.alternatives()});
  }
  return data;
}

}  // namespace manyshot::lab
