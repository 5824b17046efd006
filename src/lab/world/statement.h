// What may be true or false in a closed world.
#pragma once

#include <array>
#include <string>

#include "core/names.h"

namespace manyshot::lab {

// "glon", "heavier than", "femp": that the relation holds between the two, or, negated, that it does not. Entities and
// relations go by the names that their world has for them.
struct Statement {
  std::string subject, relation, object;
  bool negated = false;
  friend bool operator==(const Statement&, const Statement&) = default;
  friend auto operator<=>(const Statement&, const Statement&) = default;
};

struct Fact {
  std::string id;
  Statement statement;
};

// The names reach files.
enum class Verdict { kEntailed, kContradicted, kUnknown };
constexpr auto names_of(Verdict) {
  return std::to_array<Named<Verdict>>(
      {{Verdict::kEntailed, "entailed"}, {Verdict::kContradicted, "contradicted"}, {Verdict::kUnknown, "unknown"}});
}

}  // namespace manyshot::lab
