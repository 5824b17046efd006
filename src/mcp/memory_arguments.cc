#include "mcp/memory_arguments.h"

#include <fmt/format.h>

#include <vector>

#include "core/text.h"
#include "mcp/schemas.h"

namespace manyshot::mcp {

Json collection_schema() {
  return schema::text("Name of the collection: one for each kind of situation, such as deploys or web_search.");
}
Json fields_schema(const std::string& more) {
  return schema::cells("What describes the situation, as a flat object of text, numbers, true, false or null" + more +
                       ". Use the same names each time.");
}
Json outcome_schema() {
  return schema::typed(
      Json::array({"string", "number", "boolean"}),
      "How it came out: a class (text, true or false), or a number where an amount is to be predicted; "
      "one kind in a collection.");
}

std::string count_of_experiences(uint64_t count) {
  return fmt::format("{} experience{}", with_thousands(static_cast<long long>(count)), count == 1 ? "" : "s");
}

std::string other_collections(memory::MemoryFile& file, const std::string& collection) {
  std::vector<std::string> names;
  for (const auto& known : file.collections()) names.push_back(known.name);
  if (names.empty()) return "; nothing at all is remembered yet";
  return fmt::format("{}; there are {}", did_you_mean(collection, names), list_names(names, 20));
}

}  // namespace manyshot::mcp
