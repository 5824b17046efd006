// Things as they are, in a hierarchy: what the semantic data take their shape from, under invented words.
#pragma once

#include <span>
#include <string_view>

namespace manyshot::lab {

// A category with its parent (empty: the root), its own adjectives, parts and abilities (between commas), and a
// relation to another thing ("" for none), which need be no category.
struct SemanticCategory {
  std::string_view name, parent, adjectives, parts, abilities, relation, target;
};

// Parents before their children.
std::span<const SemanticCategory> semantic_table();

}  // namespace manyshot::lab
