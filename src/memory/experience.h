// What an agent met and how it came out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/names.h"

namespace manyshot::memory {

// What the outcomes of a collection are; all of one kind. The names are in files.
enum class OutcomeKind { kClass, kNumber };
constexpr auto names_of(OutcomeKind) {
  return std::to_array<Named<OutcomeKind>>({{OutcomeKind::kClass, "class"}, {OutcomeKind::kNumber, "number"}});
}

// Fields by name: text, numbers, true, false or null, nothing else; and the outcome, a class (text, true or false) or a
// number.
struct NewExperience {
  Json fields;
  Json outcome;
};

struct Experience {
  int64_t id = 0;  // rises; never given twice
  Json fields;
  Json outcome;            // of a class its text
  std::string remembered;  // when, UTC: "2026-11-27T09:30:00Z"
};

inline constexpr size_t kMostFields = 200, kMostTextBytes = 10'000, kMostNameBytes = 200;

// Throws Error(kBadInput) naming the field for what is no such value, and for more or longer ones than the above.
void check_fields(const Json& fields);
// true and false become "true" and "false". Throws Error(kBadInput) for what is neither class nor number.
Json checked_outcome(const Json& outcome);
OutcomeKind kind_of(const Json& checked_outcome);
// Throws Error(kBadInput) for a name that is empty, too long, or has control characters.
void check_collection_name(const std::string& name);

}  // namespace manyshot::memory
