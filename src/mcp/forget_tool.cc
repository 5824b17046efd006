#include "core/error.h"
#include "core/text.h"
#include "mcp/memory_arguments.h"
#include "mcp/memory_tools.h"
#include "mcp/schemas.h"
#include "mcp/task_arguments.h"

namespace manyshot::mcp {
namespace {

Json forget(const Json& arguments, MemoryDesk& desk) {
  const bool is_all = arguments.value("all", false);
  if (is_all == arguments.contains("ids"))
    fail(ErrorKind::kBadInput, "give ids, or all: true for the whole collection");
  const std::string collection = text_of(arguments, "collection");
  if (!desk.file().state(collection)) {
    fail(ErrorKind::kNotFound, "nothing is remembered in \"{}\"{}", excerpt(collection),
         other_collections(desk.file(), collection));
  }
  const uint64_t count = is_all ? desk.file().forget_all(collection)
                                : desk.file().forget(collection, arguments.at("ids").get<std::vector<int64_t>>());
  const uint64_t left = desk.file().state(collection).value_or(memory::CollectionState{}).count;
  return {{"summary", fmt::format("{} forgotten, {} left in \"{}\"", count_of_experiences(count), left, collection)},
          {"forgotten", count},
          {"num_experiences", left}};
}

}  // namespace

Tool forget_tool(MemoryDesk& desk) {
  return {.name = "forget",
          .title = "Forget experiences",
          .description = "Removes experiences by their ids, or a whole collection, for good.",
          .input_schema = schema::object(
              {{"collection", collection_schema()},
               {"ids", schema::list(schema::whole("", 1, 9'007'199'254'740'991), "Ids that recall gave.")},
               {"all", schema::flag("Forget the whole collection.")}},
              {"collection"}),
          .output_schema = schema::answer({{"forgotten", schema::count()}, {"num_experiences", schema::count()}},
                                          {"forgotten", "num_experiences"}),
          .is_read_only = false,
          .is_destructive = true,
          .call = [&desk](const Json& arguments, const TellProgress&) { return forget(arguments, desk); }};
}

}  // namespace manyshot::mcp
