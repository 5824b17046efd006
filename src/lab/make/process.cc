// An invented process: operations turn materials into materials. Every single step is told; of two steps one after the
// other some pairs of operations are shown and the rest is asked for.
#include <cmath>
#include <map>

#include "core/error.h"
#include "lab/make/make.h"

namespace manyshot::lab {
namespace {

struct Pair {
  std::string first, second;  // operations
  std::string relation() const { return first + " then " + second; }
};

Relation operation(const std::string& verb) {
  return {.name = verb,
          .forms = {fmt::format("to {} a {{subject}} gives a {{object}}", verb),
                    fmt::format("if you {} a {{subject}}, you get a {{object}}", verb),
                    fmt::format("when someone decides to {} a {{subject}}, it becomes a {{object}}", verb),
                    fmt::format("a {{subject}} that we {} turns into a {{object}}", verb),
                    fmt::format("the way to {} a {{subject}} always ends with a {{object}}", verb)},
          .is_functional = true};
}

Relation operation_of(const Pair& pair) {
  return {.name = pair.relation(),
          .forms = {fmt::format("to {} and then {} a {{subject}} gives a {{object}}", pair.first, pair.second),
                    fmt::format("if you first {} and then {} a {{subject}}, you get a {{object}}", pair.first,
                                pair.second)},
          .is_functional = true};
}

// A permutation that leaves nothing where it is: materials in a random circle.
std::vector<uint32_t> results_of(const Rng& rng, uint32_t num_materials) {
  const std::vector<uint32_t> circle = rng.permutation(num_materials);
  std::vector<uint32_t> result(num_materials);
  for (uint32_t place = 0; place < num_materials; ++place) {
    result[circle[place]] = circle[(place + 1) % num_materials];
  }
  return result;
}

struct Process {
  std::vector<std::string> materials, operations;
  std::vector<Pair> trained, held_out;
  std::map<std::pair<std::string, std::string>, std::string> results;  // of an operation on a material
  World world;
};

std::vector<Pair> shuffled_pairs(const std::vector<std::string>& operations, const Rng& rng) {
  std::vector<Pair> pairs;
  for (const std::string& first : operations) {
    for (const std::string& second : operations) {
      if (first != second) pairs.push_back({first, second});
    }
  }
  return shuffled(pairs, rng);
}

Process draw_process(const MakeInput& input) {
  Process process;
  WordSource words(input.rng.child("words"), input.count_tokens);
  process.materials = words.take(static_cast<size_t>(*input.sizes().materials));
  process.operations = words.take(static_cast<size_t>(*input.sizes().operations));
  const std::vector<Pair> pairs = shuffled_pairs(process.operations, input.rng.child("pairs"));
  const auto num_trained = std::llround(*input.sizes().trained_pairs * static_cast<double>(pairs.size()));
  process.trained.assign(pairs.begin(), pairs.begin() + num_trained);
  process.held_out.assign(pairs.begin() + num_trained, pairs.end());
  WorldParts parts;
  const auto num_materials = static_cast<uint32_t>(process.materials.size());
  for (const std::string& word : process.materials) parts.entities.push_back({.name = word, .plural = plural_of(word)});
  for (size_t number = 0; number < process.operations.size(); ++number) {
    parts.relations.push_back(operation(process.operations[number]));
    const std::vector<uint32_t> result = results_of(input.rng.child("results", number), num_materials);
    for (uint32_t material = 0; material < num_materials; ++material) {
      const Statement step{process.materials[material], process.operations[number],
                           process.materials[result[material]]};
      parts.facts.push_back({fmt::format("f{:04}", parts.facts.size() + 1), step});
      process.results[{step.relation, step.subject}] = step.object;
    }
  }
  for (const Pair& pair : pairs) {
    parts.relations.push_back(operation_of(pair));
    parts.rules.push_back({pair.first, pair.second, pair.relation()});
  }
  process.world = World(std::move(parts));
  return process;
}

// What pairs of operations make of each material, but for those where the second undoes the first.
std::vector<Statement> statements_of(const Process& process, std::span<const Pair> pairs) {
  std::vector<Statement> statements;
  for (const Pair& pair : pairs) {
    for (const std::string& material : process.materials) {
      const std::string& between = process.results.at({pair.first, material});
      const std::string& result = process.results.at({pair.second, between});
      if (result != material) statements.push_back({material, pair.relation(), result});
    }
  }
  return statements;
}

void ask_some(DataBuilder& data, const std::vector<Statement>& statements, const Process& process,
              const MakeInput& input, const std::string& split) {
  const Rng rng = input.rng.child(split);
  for (const Statement& statement : drawn(statements, static_cast<size_t>(*input.sizes().questions), rng)) {
    data.ask(
        statement, process.materials,
        {.split = split, .kind = split == "forward" ? "one-step" : "two-steps", .alternatives = input.alternatives()});
  }
}

}  // namespace

DataBuilder make_process(const MakeInput& input) {
  const Process process = draw_process(input);
  DataBuilder data(process.world, input.rng.child("questions"), input.count_tokens);
  const size_t articles = static_cast<size_t>(*input.sizes().articles);
  const size_t forms = process.world.num_forms(process.operations.front());
  if (articles > forms) {
    refuse_option("articles", "{} articles of a step are more than there are ways to say it; ask for at most {}",
                  articles, forms);
  }
  std::vector<Statement> steps;
  for (const Fact& fact : process.world.facts()) {
    steps.push_back(fact.statement);
    for (size_t article = 0; article < articles; ++article) {
      data.add({.text = process.world.say(fact.statement, article),
                .style = "article",
                .facts = {fact.id},
                .group = fact.id});
    }
  }
  const std::vector<Statement> shown = statements_of(process, process.trained);
  for (const Statement& statement : shown) {
    const std::string group = fmt::format("{} {}", statement.relation, statement.subject);
    for (size_t article = 0; article < std::min<size_t>(articles, 2); ++article) {
      data.add({.text = process.world.say(statement, article), .style = "two-steps", .group = group});
    }
  }
  ask_some(data, steps, process, input, "forward");
  ask_some(data, shown, process, input, "trained-pair");
  ask_some(data, statements_of(process, process.held_out), process, input, "holdout");
  return data;
}

}  // namespace manyshot::lab
