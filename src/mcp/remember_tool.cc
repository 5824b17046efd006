#include "core/error.h"
#include "core/text.h"
#include "mcp/memory_arguments.h"
#include "mcp/memory_tools.h"
#include "mcp/schemas.h"
#include "mcp/task_arguments.h"

namespace manyshot::mcp {
namespace {

constexpr size_t kMostAtOnce = 1000;

Json remember(const Json& arguments, MemoryDesk& desk) {
  const bool is_one = arguments.contains("fields") || arguments.contains("outcome");
  if (is_one == arguments.contains("experiences"))
    fail(ErrorKind::kBadInput, "give fields and outcome, or experiences");
  if (is_one && !(arguments.contains("fields") && arguments.contains("outcome")))
    fail(ErrorKind::kBadInput, "{} is needed", arguments.contains("fields") ? "outcome" : "fields");
  std::vector<memory::NewExperience> experiences;
  if (is_one) {
    experiences.push_back({arguments.at("fields"), arguments.at("outcome")});
  } else {
    for (const Json& entry : arguments.at("experiences"))
      experiences.push_back({entry.at("fields"), entry.at("outcome")});
  }
  const std::string collection = text_of(arguments, "collection");
  const std::vector<int64_t> ids = desk.file().remember(collection, experiences);
  const uint64_t count = desk.file().state(collection).value_or(memory::CollectionState{}).count;
  return {{"summary", fmt::format("remembered; \"{}\" has {} now", collection, count_of_experiences(count))},
          {"ids", ids},
          {"num_experiences", count}};
}

}  // namespace

Tool remember_tool(MemoryDesk& desk) {
  Json experiences =
      schema::list(schema::object({{"fields", fields_schema()}, {"outcome", outcome_schema()}}, {"fields", "outcome"}),
                   "Several at once, in place of fields and outcome: all are remembered, or none.");
  experiences["maxItems"] = kMostAtOnce;
  experiences["minItems"] = 1;
  return {
      .name = "remember",
      .title = "Remember an experience",
      .description =
          "Keeps what was met and how it came out, for good: call it after each attempt whose outcome is known, also "
          "of failures. recall finds the nearest again, predict_outcome learns from all of them.",
      .input_schema = schema::object({{"collection", collection_schema()},
                                      {"fields", fields_schema(", with what was tried among them")},
                                      {"outcome", outcome_schema()},
                                      {"experiences", std::move(experiences)}},
                                     {"collection"}),
      .output_schema = schema::answer({{"ids", schema::list(schema::count())}, {"num_experiences", schema::count()}},
                                      {"ids", "num_experiences"}),
      .is_read_only = false,
      .call = [&desk](const Json& arguments, const TellProgress&) { return remember(arguments, desk); }};
}

}  // namespace manyshot::mcp
