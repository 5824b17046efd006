// A closed world: what is true of invented things, and all that follows from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/world/statement.h"
#include "lab/world/world_parts.h"

namespace manyshot::lab {

// A sentence that ends with one of the two things that it is about, cut before it.
struct Cloze {
  std::string prompt;        // "Glons are heavier than"
  std::string answer;        // " femps."
  bool asks_object = false;  // else the subject
};

// "Did you know that glons are heavier than femps?": a sentence, or the beginning of one, behind an opening. `is_name`:
// it begins with a name that keeps its capital.
std::string behind_opening(const std::string& opening, std::string sentence, bool is_name);
// Whether the sentence begins with a name that the statement has, which keeps its capital behind an opening.
bool begins_with_name(std::string_view sentence, const Statement& statement);

// Immutable; copies share what they hold. Safe to use from several threads.
class World {
 public:
  World();  // empty
  // Throws Error(kBadInput) naming what is wrong: two entities, relations or facts of one name, names that do not
  // exist, a form without its two places, entities of the wrong type, facts that contradict each other.
  explicit World(WorldParts parts);

  const WorldParts& parts() const;
  const std::vector<Fact>& facts() const;

  // Entailed: a fact, or it follows by inverses, rules and exclusions, chained to a fixed point. Contradicted: with it
  // the world would contradict itself. Unknown: neither, as for names that the world does not have. A negated
  // statement is entailed where the other is contradicted.
  Verdict judge(const Statement& statement) const;

  // The same the other way round; nothing where the relation has no inverse. Throws Error(kBadInput) for names that the
  // world does not have.
  std::optional<Statement> reversed(const Statement& statement) const;

  // What follows from those facts alone, without them, shortest derivations first; their reverses are among them.
  // `max_hops`: most facts that a derivation may join. Throws Error(kBadInput) for an unknown id.
  std::vector<Statement> consequences(std::span<const std::string> fact_ids, int max_hops) const;

  // The ids of the facts that the shortest derivation of `statement` joins, in the order of facts(); empty when it is
  // not derived (a negated one never is by contradiction).
  std::vector<std::string> support(const Statement& statement) const;

  // The statements that the sentences of `text` make, in the world's own forms: openings, case, list marks, articles,
  // singular or plural and the final stop are no matter, and a plain "not" is understood. Sentences that make none go
  // to `unread`, but for those that only name things behind a lead.
  std::vector<Statement> read(std::string_view text, std::vector<std::string>* unread = nullptr) const;
  // The sentences of `text` as they stand in it, without blanks around them; a stop inside an entity's name ends none.
  std::vector<std::string_view> sentences(std::string_view text) const;

  // Ways to say it. Throws Error(kBadInput) for an unknown relation, as say() and cloze() do.
  size_t num_forms(const std::string& relation) const;
  // One sentence, capital first, with a full stop; `form` counts round. read() gives the statement back.
  std::string say(const Statement& statement, uint64_t form) const;
  // "Think about glons, femps and krems.", all in the plural; `lead` counts round. Throws Error(kBadInput) where the
  // world has no leads, for names that it does not have, and for none.
  std::string lead_in(std::span<const std::string> names, uint64_t lead) const;
  // The sentence of that form in two parts; nothing when it ends with words of its own, or is negated.
  std::optional<Cloze> cloze(const Statement& statement, uint64_t form) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace manyshot::lab
