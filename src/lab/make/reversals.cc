// Comparisons of invented kinds, stated in one direction and asked for in both.
#include <array>
#include <cmath>

#include "core/error.h"
#include "lab/make/make.h"
#include "lab/make/openings.h"

namespace manyshot::lab {
namespace {

struct Feature {
  std::string_view more, less;  // "heavier", "lighter"
};
constexpr std::array<Feature, 28> kFeatures{{{"heavier", "lighter"},
                                             {"brighter", "dimmer"},
                                             {"taller", "shorter"},
                                             {"faster", "slower"},
                                             {"older", "younger"},
                                             {"louder", "quieter"},
                                             {"warmer", "cooler"},
                                             {"harder", "softer"},
                                             {"rougher", "smoother"},
                                             {"wider", "narrower"},
                                             {"deeper", "shallower"},
                                             {"thicker", "thinner"},
                                             {"stronger", "weaker"},
                                             {"sweeter", "more bitter"},
                                             {"wetter", "drier"},
                                             {"rounder", "flatter"},
                                             {"cleaner", "dirtier"},
                                             {"braver", "more timid"},
                                             {"calmer", "wilder"},
                                             {"kinder", "more cruel"},
                                             {"rarer", "more common"},
                                             {"more dangerous", "less dangerous"},
                                             {"more curious", "less curious"},
                                             {"sturdier", "more fragile"},
                                             {"more expensive", "cheaper"},
                                             {"simpler", "more intricate"},
                                             {"cleverer", "duller"},
                                             {"more colourful", "paler"}}};

std::string relation_name(std::string_view feature) { return fmt::format("{} than", feature); }

Relation comparison(std::string_view feature, std::string_view opposite) {
  return {.name = relation_name(feature),
          .forms = {fmt::format("{{subjects}} are {} than {{objects}}", feature),
                    fmt::format("a {{subject}} is {} than a {{object}}", feature),
                    fmt::format("compared with {{objects}}, {{subjects}} are {}", feature)},
          .inverse = relation_name(opposite),
          .is_asymmetric = true};
}

World reversals_world(const MakeInput& input) {
  const auto num_facts = static_cast<size_t>(*input.sizes().facts);
  const auto num_features = static_cast<size_t>(*input.sizes().features);
  if (num_features > kFeatures.size()) {
    refuse_option("features", "{} features are more than there are; ask for at most {}", num_features,
                  kFeatures.size());
  }
  WorldParts parts{.openings = openings()};
  parts.openings.push_back(question_opening());
  const std::vector<std::string> words = WordSource(input.rng.child("words"), input.count_tokens).take(2 * num_facts);
  for (const std::string& word : words) parts.entities.push_back({.name = word, .plural = plural_of(word)});
  for (const Feature& feature : std::span(kFeatures).first(num_features)) {
    parts.relations.push_back(comparison(feature.more, feature.less));
    parts.relations.push_back(comparison(feature.less, feature.more));
  }
  // Each relation, in either direction, is as frequent as any other.
  const std::vector<Relation> order = shuffled(parts.relations, input.rng.child("order of relations"));
  for (size_t fact = 0; fact < num_facts; ++fact) {
    const Relation& relation = order[fact % order.size()];
    parts.facts.push_back({fmt::format("f{:04}", fact + 1), {words[2 * fact], relation.name, words[2 * fact + 1]}});
  }
  return World(std::move(parts));
}

// What stands where the answer stands in other facts: of the same relation, or of all where these are too few. So no
// alternative gives itself away by the place in which the documents have it.
std::vector<std::string> candidates(const World& world, const Fact& fact, bool is_reversed, size_t enough) {
  std::vector<std::string> of_relation, all;
  for (const Fact& other : world.facts()) {
    const std::string& name = is_reversed ? other.statement.subject : other.statement.object;
    all.push_back(name);
    if (other.statement.relation == fact.statement.relation) of_relation.push_back(name);
  }
  return of_relation.size() >= enough ? of_relation : all;
}

// Which way round, and which thing.
void ask_both(DataBuilder& data, const Fact& fact, bool is_reversed, const std::string& split, size_t alternatives) {
  const Statement reverse = *data.world().reversed(fact.statement);
  const Statement& asked = is_reversed ? reverse : fact.statement;
  const std::string& opposite = is_reversed ? fact.statement.relation : reverse.relation;
  const std::vector<Statement> two{asked, {asked.subject, opposite, asked.object}};
  data.ask_which("", two, std::span(two).first(1),
                 {.split = split, .kind = "direction", .opening = question_opening()});
  data.ask(asked, candidates(data.world(), fact, is_reversed, alternatives),
           {.split = split, .kind = "thing", .alternatives = alternatives, .opening = question_opening()});
}

void add_articles(DataBuilder& data, const Fact& fact, const Statement& said, size_t articles, const Rng& rng) {
  const std::vector<uint32_t> order = rng.permutation(static_cast<uint32_t>(openings().size()));
  if (articles > order.size()) {
    refuse_option("articles", "{} articles of a fact are more than there are openings; ask for at most {}", articles,
                  order.size());
  }
  for (size_t article = 0; article < articles; ++article) {
    data.add({.text = opened(data.world().say(said, 0), order[article]),
              .style = "article",
              .facts = {fact.id},
              .group = fact.id});
  }
}

}  // namespace

DataBuilder make_reversals(const MakeInput& input) {
  DataBuilder data(reversals_world(input), input.rng.child("questions"), input.count_tokens);
  const std::vector<Fact>& facts = data.world().facts();
  const auto articles = static_cast<size_t>(*input.sizes().articles);
  const auto num_trained =
      static_cast<size_t>(std::llround(*input.sizes().trained_reverses * static_cast<double>(facts.size())));
  const std::vector<uint32_t> order =
      input.rng.child("trained reverses").permutation(static_cast<uint32_t>(facts.size()));
  for (size_t fact = 0; fact < facts.size(); ++fact) {
    const Statement reverse = *data.world().reversed(facts[fact].statement);
    const bool is_trained = order[fact] < num_trained;
    add_articles(data, facts[fact], facts[fact].statement, articles, input.rng.child("articles", fact));
    if (is_trained) add_articles(data, facts[fact], reverse, articles, input.rng.child("reverse articles", fact));
    ask_both(data, facts[fact], /*is_reversed=*/false, "forward", input.alternatives());
    ask_both(data, facts[fact], /*is_reversed=*/true, is_trained ? "trained-reversal" : "reversal",
             input.alternatives());
  }
  return data;
}

}  // namespace manyshot::lab
