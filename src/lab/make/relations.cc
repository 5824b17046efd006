// Facts of three words, for models trained from scratch: every relation pairs every entity with one other, and has
// another word for its reverse. The reverses of some facts are held out.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "lab/make/make.h"

namespace manyshot::lab {
namespace {

World relations_world(const MakeInput& input) {
  const auto num_entities = static_cast<uint32_t>(*input.sizes().entities);
  const auto num_relations = static_cast<size_t>(*input.sizes().relations);
  WordSource words(input.rng.child("words"), input.count_tokens);
  const std::vector<std::string> entities = words.take(num_entities);
  const std::vector<std::string> verbs = words.take(2 * num_relations);
  WorldParts parts;
  for (const std::string& word : entities) parts.entities.push_back({.name = word});
  for (size_t number = 0; number < num_relations; ++number) {
    const std::string &verb = verbs[2 * number], &reverse = verbs[2 * number + 1];
    parts.relations.push_back({.name = verb,
                               .forms = {fmt::format("{{subject}} {} {{object}}", verb)},
                               .inverse = reverse,
                               .is_functional = true});
    parts.relations.push_back(
        {.name = reverse, .forms = {fmt::format("{{subject}} {} {{object}}", reverse)}, .is_functional = true});
    // A random circle: nothing is paired with itself.
    const std::vector<uint32_t> circle = input.rng.child("pairs", number).permutation(num_entities);
    for (uint32_t place = 0; place < num_entities; ++place) {
      parts.facts.push_back({fmt::format("f{:05}", parts.facts.size() + 1),
                             {entities[circle[place]], verb, entities[circle[(place + 1) % num_entities]]}});
    }
  }
  return World(std::move(parts));
}

// The three words alone, and the first two as a prompt.
LabDocument document(const Statement& statement, const Fact& fact, const char* style) {
  const std::string prompt = fmt::format("{} {}", statement.subject, statement.relation);
  return {.text = fmt::format("{} {}", prompt, statement.object),
          .prompt_bytes = prompt.size(),
          .style = style,
          .facts = {fact.id},
          .group = fact.id};
}

}  // namespace

DataBuilder make_relations(const MakeInput& input) {
  DataBuilder data(relations_world(input), input.rng.child("questions"), input.count_tokens);
  const World& world = data.world();
  const std::vector<Fact>& facts = world.facts();
  const auto holdout = static_cast<size_t>(*input.sizes().holdout);
  if (holdout > facts.size()) {
    refuse_option("holdout", "{} facts are more than the {} there are", holdout, facts.size());
  }
  const auto questions = static_cast<size_t>(*input.sizes().questions);
  const auto num_trained =
      static_cast<size_t>(std::llround(*input.sizes().trained_reverses * static_cast<double>(facts.size() - holdout)));
  const std::vector<Fact> order = shuffled(facts, input.rng.child("held out"));
  for (const Fact& fact : facts) data.add(document(fact.statement, fact, "forward"));
  for (size_t place = holdout; place < holdout + num_trained; ++place) {
    data.add(document(*world.reversed(order[place].statement), order[place], "reverse"));
  }
  std::vector<std::string> entities;
  for (const Entity& entity : world.parts().entities) entities.push_back(entity.name);
  const auto ask = [&](const Statement& statement, const std::string& split) {
    data.ask(statement, entities,
             {.split = split, .kind = "pair", .alternatives = input.alternatives(), .plain = true});
  };
  for (size_t place = 0; place < std::min(questions, holdout); ++place) {
    ask(order[place].statement, "forward");
    ask(*world.reversed(order[place].statement), "reversal");
  }
  for (size_t place = holdout; place < holdout + std::min(questions, num_trained); ++place) {
    ask(*world.reversed(order[place].statement), "trained-reversal");
  }
  return data;
}

}  // namespace manyshot::lab
