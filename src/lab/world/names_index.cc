#include "lab/world/names_index.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

std::optional<uint32_t> find(const std::unordered_map<std::string, uint32_t>& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return result;
}

NamesIndex::NamesIndex(const WorldParts& parts) {
  for (uint32_t relation = 0; relation < parts.relations.size(); ++relation) {
    const std::string& name = parts.relations[relation].name;
    if (name.empty() || !relations_.emplace(name, relation).second) {
      fail(ErrorKind::kBadInput, "two relations are called \"{}\", or one has no name; names tell them apart",
           excerpt(name));
    }
  }
  for (uint32_t entity = 0; entity < parts.entities.size(); ++entity) {
    const Entity& given = parts.entities[entity];
    entities_.emplace(given.name, entity);
    for (const std::string& name : {given.name, given.several()}) {
      const auto [found, is_new] = called_.emplace(lower(name), entity);
      if (!name.empty() && (is_new || found->second == entity)) continue;
      fail(ErrorKind::kBadInput, "two entities are called \"{}\", or one has no name; names tell them apart",
           excerpt(name));
    }
  }
}

std::optional<uint32_t> NamesIndex::relation(const std::string& name) const { return find(relations_, name); }
std::optional<uint32_t> NamesIndex::entity(const std::string& name) const { return find(entities_, name); }
std::optional<uint32_t> NamesIndex::called(const std::string& lower_name) const { return find(called_, lower_name); }

}  // namespace manyshot::lab
