#include "core/text.h"
#include "mcp/memory_arguments.h"
#include "mcp/memory_tools.h"
#include "mcp/schemas.h"

namespace manyshot::mcp {
namespace {

Json memories(MemoryDesk& desk) {
  Json list = Json::array();
  uint64_t total = 0;
  for (const memory::CollectionSummary& collection : desk.file().collections()) {
    total += collection.state.count;
    list.push_back({{"collection", collection.name},
                    {"outcome", name_of(collection.state.kind)},
                    {"num_experiences", collection.state.count},
                    {"first", collection.first},
                    {"last", collection.last}});
  }
  return {{"summary",
           fmt::format("{} in {} collection{}", count_of_experiences(total), list.size(), list.size() == 1 ? "" : "s")},
          {"collections", std::move(list)}};
}

}  // namespace

Tool memories_tool(MemoryDesk& desk) {
  Json collection = schema::object({{"collection", schema::text()},
                                    {"outcome", schema::choice({"class", "number"}, "")},
                                    {"num_experiences", schema::count()},
                                    {"first", schema::text()},
                                    {"last", schema::text()}},
                                   {"collection", "outcome", "num_experiences"});
  return {
      .name = "memories",
      .title = "List what is remembered",
      .description = "The collections of the memory, with how much each holds, of which kind, and from when to when.",
      .input_schema = schema::object(Json::object(), {}),
      .output_schema = schema::answer({{"collections", schema::list(std::move(collection))}}, {"collections"}),
      .call = [&desk](const Json&, const TellProgress&) { return memories(desk); }};
}

}  // namespace manyshot::mcp
