// Entities and relations of a world by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lab/world/world_parts.h"

namespace manyshot::lab {

// ASCII letters in lower case; other bytes as they are.
std::string lower(std::string_view text);

class NamesIndex {
 public:
  // Throws Error(kBadInput) when two are called the same, or one is called nothing. Case is no difference for entities.
  explicit NamesIndex(const WorldParts& parts);

  std::optional<uint32_t> relation(const std::string& name) const;
  std::optional<uint32_t> entity(const std::string& name) const;  // the exact name
  // By name or plural, in lower case.
  std::optional<uint32_t> called(const std::string& lower_name) const;

 private:
  std::unordered_map<std::string, uint32_t> relations_, entities_, called_;
};

}  // namespace manyshot::lab
