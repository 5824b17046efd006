#include "core/text.h"
#include "mcp/memory_arguments.h"
#include "mcp/memory_tools.h"
#include "mcp/schemas.h"
#include "mcp/task_arguments.h"
#include "memory/recall.h"

namespace manyshot::mcp {
namespace {

constexpr int64_t kRecalled = 5, kMostRecalled = 100;

Json recalled_json(const memory::Recalled& recalled, const Json& fields) {
  Json differs = Json::array();
  for (const memory::Difference& difference : recalled.differs) {
    differs.push_back({{"field", difference.field},
                       {"here", difference.here},
                       {"asked", fields.at(difference.field)},
                       {"distance", difference.distance}});
  }
  return {{"id", recalled.experience->id},
          {"outcome", recalled.experience->outcome},
          {"distance", recalled.distance},
          {"agrees", recalled.agrees},
          {"differs", std::move(differs)},
          {"fields", recalled.experience->fields},
          {"remembered", recalled.experience->remembered}};
}

Json recall_nearest(const Json& arguments, MemoryDesk& desk) {
  const std::string collection = text_of(arguments, "collection");
  const Json& fields = arguments.at("fields");
  memory::check_fields(fields);
  const std::vector<memory::Experience> experiences = desk.file().all(collection);
  Json list = Json::array();
  for (const memory::Recalled& recalled :
       memory::recall(experiences, fields, static_cast<size_t>(arguments.value("count", kRecalled))))
    list.push_back(recalled_json(recalled, fields));
  const std::string summary =
      experiences.empty() ? fmt::format("nothing is remembered in \"{}\"{}", excerpt(collection),
                                        other_collections(desk.file(), collection))
                          : fmt::format("the nearest {} of {}", list.size(), count_of_experiences(experiences.size()));
  return {{"summary", summary}, {"num_experiences", experiences.size()}, {"experiences", std::move(list)}};
}

}  // namespace

Tool recall_tool(MemoryDesk& desk) {
  const Json value = {{"type", Json::array({"string", "number", "boolean", "null"})}};
  Json difference =
      schema::object({{"field", schema::text()}, {"here", value}, {"asked", value}, {"distance", schema::number()}},
                     {"field", "here", "asked", "distance"});
  Json experience = schema::object({{"id", schema::count()},
                                    {"outcome", schema::typed(Json::array({"string", "number"}), "")},
                                    {"distance", schema::number("0: the same fields, to 1")},
                                    {"agrees", schema::list(schema::text(), "fields that are the same")},
                                    {"differs", schema::list(std::move(difference), "the others, the nearest first")},
                                    {"fields", schema::cells("")},
                                    {"remembered", schema::text()}},
                                   {"id", "outcome", "distance", "agrees", "differs", "fields"});
  return {.name = "recall",
          .title = "Recall the nearest experiences",
          .description =
              "The remembered experiences nearest to a situation, each with its outcome and with why it is near: which "
              "fields agree, and how far the others are.",
          .input_schema = schema::object({{"collection", collection_schema()},
                                          {"fields", fields_schema()},
                                          {"count", schema::whole("How many; 5 without it.", 1, kMostRecalled)}},
                                         {"collection", "fields"}),
          .output_schema = schema::answer(
              {{"num_experiences", schema::count()}, {"experiences", schema::list(std::move(experience))}},
              {"num_experiences", "experiences"}),
          .call = [&desk](const Json& arguments, const TellProgress&) { return recall_nearest(arguments, desk); }};
}

}  // namespace manyshot::mcp
