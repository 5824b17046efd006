// The semantic structure: categories in a hierarchy with properties that they inherit, under invented words; documents
// tell what each category has of its own, questions also ask for what follows.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error.h"
#include "lab/make/make.h"
#include "lab/make/openings.h"
#include "lab/make/semantic_table.h"

namespace manyshot::lab {
namespace {

constexpr const char *kIsA = "is a", *kIs = "is", *kHas = "has", *kCan = "can";

// The relations that documents tell of come with forms for documents, and a last one for questions alone.
Relation told(std::string name, const char* object_type, std::vector<std::string> forms, std::string inverse) {
  return {.name = std::move(name),
          .subject_type = "kind",
          .object_type = object_type,
          .forms = std::move(forms),
          .inverse = std::move(inverse)};
}
Relation reversed(const Relation& of, std::vector<std::string> forms) {
  return {.name = of.inverse,
          .subject_type = of.object_type,
          .object_type = of.subject_type,
          .forms = std::move(forms),
          .inverse = of.name};
}

std::vector<Relation> property_relations() {
  Relation is_a = told(
      kIsA, "kind",
      {"{subjects} are a kind of {object}", "every {subject} is a {object}", "{subjects} are {objects}",
       "{subjects} belong to the {objects}", "a {subject} is one sort of {object}", "{subjects} count as {objects}"},
      "includes");
  is_a.is_asymmetric = true;
  const Relation is = told(kIs, "adjective",
                           {"{subjects} are {object}", "every {subject} is {object}", "a {subject} is always {object}",
                            "{subjects} are known to be {object}"},
                           "is true of");
  const Relation has = told(kHas, "part",
                            {"{subjects} have {objects}", "every {subject} has {objects}",
                             "a {subject} comes with {objects}", "{subjects} possess {objects}"},
                            "is part of");
  const Relation can = told(kCan, "verb",
                            {"{subjects} can {object}", "every {subject} can {object}",
                             "a {subject} knows how to {object}", "{subjects} are able to {object}"},
                            "can be done by");
  return {is_a,
          reversed(is_a, {"the {subjects} include the {objects}", "{subjects} include {objects}",
                          "among the {subjects} are the {objects}"}),
          is,
          reversed(is, {"things that are {subject} include {objects}", "being {subject} is typical of {objects}"}),
          has,
          reversed(has, {"things with {subjects} include {objects}", "{subjects} are found on {objects}"}),
          can,
          reversed(can, {"things that can {subject} include {objects}", "those who can {subject} are the {objects}"})};
}

std::vector<Relation> verb_relations(const std::string& verb) {
  const Relation does =
      told(verb, "kind",
           {fmt::format("{{subjects}} {} {{objects}}", verb), fmt::format("every {{subject}} {}s {{objects}}", verb),
            fmt::format("a {{subject}} often {}s {{objects}}", verb),
            fmt::format("{{subjects}} tend to {} {{objects}}", verb)},
           verb + "ed by");
  return {does, reversed(does, {fmt::format("{{subjects}} are {}ed by {{objects}}", verb),
                                fmt::format("{{subjects}} often get {}ed by {{objects}}", verb)})};
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> entries;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    entries.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return entries;
}

// As many as are asked for, in the order of the table: what is higher in the hierarchy first, and of what is equally
// high the first below each parent, then the second, and so on.
std::vector<SemanticCategory> chosen_categories(const MakeInput& input) {
  const std::span<const SemanticCategory> table = semantic_table();
  const auto count = static_cast<size_t>(*input.sizes().categories);
  if (count > table.size())
    refuse_option("categories", "{} categories are more than there are; ask for at most {}", count, table.size());
  std::map<std::string_view, size_t> depths, num_children;
  std::vector<std::array<size_t, 3>> order;  // depth, number among its siblings, place in the table
  for (const auto& category : table) {
    const size_t depth = category.parent.empty() ? 0 : depths.at(category.parent) + 1;
    depths[category.name] = depth;
    order.push_back({depth, num_children[category.parent]++, order.size()});
  }
  std::ranges::sort(order);
  std::set<size_t> places;
  for (const auto& [depth, sibling, place] : std::span(order).first(count)) places.insert(place);
  std::vector<SemanticCategory> chosen;
  for (const size_t place : places) chosen.push_back(table[place]);
  return chosen;
}

// The words of the table and what they are called instead, by role.
class Renaming {
 public:
  Renaming(std::span<const SemanticCategory> categories, const MakeInput& input) {
    for (const SemanticCategory& category : categories) {
      note("kind", category.name);
      if (!category.target.empty()) note("kind", category.target);
      if (!category.relation.empty()) note("relation", category.relation);
      for (const auto& word : split_list(category.adjectives)) note("adjective", word);
      for (const auto& word : split_list(category.parts)) note("part", word);
      for (const auto& word : split_list(category.abilities)) note("verb", word);
    }
    WordSource source(input.rng.child("words"), input.count_tokens);
    for (auto& [role, words] : words_) {
      const std::vector<std::string> invented = source.take(words.size());
      size_t next = 0;
      for (const std::string& word : order_[role]) words[word] = invented[next++];
    }
  }
  const std::string& operator()(const std::string& role, std::string_view word) const {
    return words_.at(role).at(std::string(word));
  }
  std::vector<std::string> all(const std::string& role) const {
    const auto words = words_.find(role);
    if (words == words_.end()) return {};  // few categories, and none of them does anything to another
    std::vector<std::string> invented;
    for (const auto& [word, name] : words->second) invented.push_back(name);
    return invented;
  }

 private:
  void note(const std::string& role, std::string_view word) {
    if (words_[role].emplace(word, "").second) order_[role].emplace_back(word);
  }
  std::map<std::string, std::map<std::string, std::string>> words_;
  std::map<std::string, std::vector<std::string>> order_;
};

// Categories of which nothing but the parent is told: some of those that are nobody's parent.
std::set<std::string_view> held_out_categories(std::span<const SemanticCategory> categories, const MakeInput& input) {
  std::set<std::string_view> parents;
  for (const SemanticCategory& category : categories) parents.insert(category.parent);
  std::vector<std::string_view> leaves;
  for (const SemanticCategory& category : categories) {
    if (!parents.contains(category.name)) leaves.push_back(category.name);
  }
  const auto holdout = static_cast<size_t>(*input.sizes().holdout);
  if (holdout > leaves.size()) {
    refuse_option("holdout", "{} categories are more than the {} that have none below them", holdout, leaves.size());
  }
  const std::vector<std::string_view> chosen = drawn(leaves, holdout, input.rng.child("held out"));
  return {chosen.begin(), chosen.end()};
}

struct Semantics {
  World world;
  std::vector<std::string> categories;  // invented words, in the order of the table
  std::set<std::string> held_out;
};

std::vector<Statement> facts_of(const SemanticCategory& category, const Renaming& renamed,
                                const std::set<std::string_view>& held_out) {
  const std::string& subject = renamed("kind", category.name);
  std::vector<Statement> facts;
  if (!category.parent.empty()) facts.push_back({subject, kIsA, renamed("kind", category.parent)});
  if (held_out.contains(category.name)) return facts;
  for (const auto& word : split_list(category.adjectives)) facts.push_back({subject, kIs, renamed("adjective", word)});
  for (const auto& word : split_list(category.parts)) facts.push_back({subject, kHas, renamed("part", word)});
  for (const auto& word : split_list(category.abilities)) facts.push_back({subject, kCan, renamed("verb", word)});
  if (!category.relation.empty() && !held_out.contains(category.target)) {
    facts.push_back({subject, renamed("relation", category.relation), renamed("kind", category.target)});
  }
  return facts;
}

Semantics draw_semantics(const MakeInput& input) {
  const std::vector<SemanticCategory> categories = chosen_categories(input);
  const Renaming renamed(categories, input);
  const std::set<std::string_view> held_out = held_out_categories(categories, input);
  Semantics semantics;
  WorldParts parts{.relations = property_relations(), .openings = openings()};
  parts.openings.emplace_back("answer:");
  parts.openings.push_back(question_opening());
  for (const std::string& verb : renamed.all("relation")) {
    for (Relation& relation : verb_relations(verb)) parts.relations.push_back(std::move(relation));
    parts.rules.push_back({kIsA, verb, verb});
  }
  for (const char* inherited : {kIsA, kIs, kHas, kCan}) parts.rules.push_back({kIsA, inherited, inherited});
  for (const char* role : {"kind", "part"}) {
    for (const std::string& word : renamed.all(role)) parts.entities.push_back({word, plural_of(word), role});
  }
  for (const char* role : {"adjective", "verb"}) {
    for (const std::string& word : renamed.all(role)) parts.entities.push_back({word, "", role});
  }
  for (const SemanticCategory& category : categories) {
    semantics.categories.push_back(renamed("kind", category.name));
    if (held_out.contains(category.name)) semantics.held_out.insert(semantics.categories.back());
    for (Statement& statement : facts_of(category, renamed, held_out)) {
      parts.facts.push_back({fmt::format("f{:04}", parts.facts.size() + 1), std::move(statement)});
    }
  }
  semantics.world = World(std::move(parts));
  return semantics;
}

// What somebody might ask whom the fact answers.
std::string question_for(const Statement& fact) {
  const std::string kinds = plural_of(fact.subject);
  if (fact.relation == kIsA) return fmt::format("What kind of thing are {}?", kinds);
  if (fact.relation == kIs) return fmt::format("What are {} like?", kinds);
  if (fact.relation == kHas) return fmt::format("What do {} have?", kinds);
  if (fact.relation == kCan) return fmt::format("What can {} do?", kinds);
  return fmt::format("What do {} {}?", kinds, fact.relation);
}

// Facts about the category, then about its parent and siblings, each part in random order.
std::vector<const Fact*> facts_around(const World& world, const std::string& category, const Rng& rng) {
  std::string parent;
  for (const Fact& fact : world.facts()) {
    if (fact.statement.subject == category && fact.statement.relation == kIsA) parent = fact.statement.object;
  }
  std::vector<const Fact*> own, near;
  std::set<std::string> family{parent};
  for (const Fact& fact : world.facts()) {
    if (fact.statement.relation == kIsA && (fact.statement.object == parent || fact.statement.object == category)) {
      family.insert(fact.statement.subject);
    }
  }
  for (const Fact& fact : world.facts()) {
    if (fact.statement.subject == category) {
      own.push_back(&fact);
    } else if (family.contains(fact.statement.subject)) {
      near.push_back(&fact);
    }
  }
  std::vector<const Fact*> around = shuffled(own, rng.child("own"));
  for (const Fact* fact : shuffled(near, rng.child("near"))) around.push_back(fact);
  return around;
}

constexpr std::array<const char*, 4> kStyles{"article", "list", "guide", "report"};

// One sentence of a document in that style.
std::string told_sentence(const World& world, const Statement& fact, const std::string& style, const Rng& rng) {
  const uint64_t form = rng.below(0, world.num_forms(fact.relation) - 1);  // all but the last
  const std::string sentence = world.say(fact, form);
  if (style == "question") return fmt::format("Question: {} Answer: {}", question_for(fact), sentence);
  if (style == "list") return "- " + sentence;
  return style == "report" && rng.bernoulli(1, 0.5) ? opened(sentence, rng.below(2, openings().size())) : sentence;
}

std::string beginning(const std::string& style, const std::string& category) {
  const std::string kinds = plural_of(category);
  if (style == "list") return fmt::format("Notes on {}:\n", kinds);
  if (style == "guide") return fmt::format("A guide to {} and their kin.\n", kinds);
  if (style == "article") return fmt::format("On the {}. ", category);
  return "";
}

void add_document(DataBuilder& data, const std::string& category, bool is_question, const Rng& rng) {
  constexpr uint64_t kLeastSentences = 4, kMostSentences = 20;
  const std::vector<const Fact*> around = facts_around(data.world(), category, rng);
  const uint64_t wanted = kLeastSentences + rng.below(0, kMostSentences - kLeastSentences + 1);
  std::vector<const Fact*> facts(around.begin(),
                                 around.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(wanted, around.size())));
  facts = shuffled(facts, rng.child("order"));
  LabDocument document{.style = is_question ? "question" : kStyles[rng.below(1, kStyles.size())], .group = category};
  document.text = beginning(document.style, category);
  for (size_t number = 0; number < facts.size(); ++number) {
    const bool has_lines = is_question || document.style == "list";
    if (number > 0) document.text += has_lines ? '\n' : ' ';
    document.text +=
        told_sentence(data.world(), facts[number]->statement, document.style, rng.child("sentence", number));
    document.facts.push_back(facts[number]->id);
  }
  data.add(std::move(document));
}

// Things that stand at the asked end of the relation somewhere, by the facts.
std::vector<std::string> at_the_end(const World& world, const Statement& asked) {
  const std::string inverse = world.reversed(asked)->relation;
  std::set<std::string> names;
  for (const Fact& fact : world.facts()) {
    if (fact.statement.relation == asked.relation) names.insert(fact.statement.object);
    if (fact.statement.relation == inverse) names.insert(fact.statement.subject);
  }
  return {names.begin(), names.end()};
}

std::string kind_of(const Statement& statement) {
  if (statement.relation == kIsA || statement.relation == "includes") return "category";
  if (statement.relation == kIs || statement.relation == "is true of") return "property";
  if (statement.relation == kHas || statement.relation == "is part of") return "part";
  if (statement.relation == kCan || statement.relation == "can be done by") return "ability";
  return "relation";
}

// What each split asks: statements by split, in random order.
std::map<std::string, std::vector<Statement>> statements_by_split(const Semantics& semantics, const Rng& rng) {
  const World& world = semantics.world;
  std::map<std::string, std::vector<Statement>> splits;
  std::vector<std::string> ids;
  std::set<std::string> told_relations;
  for (const Fact& fact : world.facts()) {
    ids.push_back(fact.id);
    told_relations.insert(fact.statement.relation);
    if (!semantics.held_out.contains(fact.statement.subject)) splits["rephrased"].push_back(fact.statement);
  }
  for (const Statement& statement : world.consequences(ids, 8)) {
    const bool is_told = told_relations.contains(statement.relation);
    const bool about_held_out =
        semantics.held_out.contains(statement.subject) || semantics.held_out.contains(statement.object);
    const size_t hops = world.support(statement).size();
    if (about_held_out) {
      splits["holdout"].push_back(statement);
    } else if (is_told && hops > 1) {
      splits["syllogism"].push_back(statement);
    } else if (!is_told && hops == 1) {
      splits["reversal"].push_back(statement);
    }
  }
  for (auto& [split, statements] : splits) statements = shuffled(statements, rng.child(split));
  return splits;
}

void ask_split(DataBuilder& data, const std::string& split, const std::vector<Statement>& statements,
               const std::set<std::string>& told_facts, const MakeInput& input) {
  size_t asked = 0;
  for (const Statement& statement : statements) {
    if (asked >= static_cast<size_t>(*input.sizes().questions)) return;
    const std::vector<std::string> support = data.world().support(statement);
    if (!std::ranges::all_of(support, [&](const std::string& id) { return told_facts.contains(id); })) continue;
    const uint64_t form = split == "rephrased" ? data.world().num_forms(statement.relation) - 1 : 0;
    data.ask(statement, at_the_end(data.world(), statement),
             {.split = split,
              .kind = kind_of(statement) + "-" + split,
              .form = form,
              .alternatives = input.alternatives(),
              .opening = question_opening()});
    ++asked;
  }
}

}  // namespace

DataBuilder make_semantic(const MakeInput& input) {
  const Semantics semantics = draw_semantics(input);
  DataBuilder data(semantics.world, input.rng.child("questions"), input.count_tokens);
  const auto num_documents = static_cast<size_t>(*input.sizes().documents);
  const Rng rng = input.rng.child("documents");
  const std::vector<std::string> order = shuffled(semantics.categories, rng.child("order"));
  for (size_t number = 0; number < num_documents; ++number) {
    const Rng own = rng.child("document", number);
    add_document(data, order[number % order.size()], own.bernoulli(100, *input.sizes().question_share), own);
  }
  std::set<std::string> told_facts;
  for (const LabDocument& document : data.documents()) told_facts.insert(document.facts.begin(), document.facts.end());
  const auto splits = statements_by_split(semantics, input.rng.child("order of questions"));
  for (const char* split : {"rephrased", "reversal", "syllogism", "holdout"}) {
    if (splits.contains(split)) ask_split(data, split, splits.at(split), told_facts, input);
  }
  return data;
}

}  // namespace manyshot::lab
