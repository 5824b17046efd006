// All that a world is made of, as plain data: what there is, which relations there are and how they are said, and what
// is true.
#pragma once

#include <string>
#include <vector>

#include "lab/world/statement.h"

namespace manyshot::lab {

// A thing, or whatever else a relation stands between: a kind of animal, a person, a property.
struct Entity {
  std::string name;    // "glon"
  std::string plural;  // "glons"; empty: the name itself
  std::string type;    // which relations take it (Relation::subject_type); may be empty

  const std::string& several() const { return plural.empty() ? name : plural; }
};

struct Relation {
  std::string name;                       // "heavier than"
  std::string subject_type, object_type;  // entities that it stands between; empty: any
  // Ways to say it, without a full stop: "{subjects} are heavier than {objects}". Each has one of {subject}, {subjects}
  // and one of {object}, {objects}; letters stand between the two.
  std::vector<std::string> forms;
  std::string inverse;                // what then holds the other way round: its own name when symmetric; may be empty
  bool is_functional = false;         // a subject has one object at most
  bool is_asymmetric = false;         // never holds both ways
  std::vector<std::string> excludes;  // relations that never hold of the same two in the same order
};

// From first(x, y) and second(y, z) follows then(x, z); with an empty `second`, from first(x, y) follows then(x, y).
// Transitivity: all three the same. Inheritance: "is a", "has", "has". Nothing is derived of a thing and itself.
struct Rule {
  std::string first, second, then;
};

struct WorldParts {
  std::vector<Entity> entities;
  std::vector<Relation> relations;
  std::vector<Rule> rules;
  std::vector<std::string> openings;  // what may stand before a statement in a sentence: "did you know that"
  std::vector<std::string> leads;  // what begins a sentence that names things and says nothing of them: "think about"
  std::vector<Fact> facts;
};

}  // namespace manyshot::lab
