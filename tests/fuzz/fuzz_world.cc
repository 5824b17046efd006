// The reader of worlds of lab data: a world.json and, behind a line "---", text that the world reads.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "lab/world/json_fields.h"
#include "lab/world/world_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(input.find("\n---\n"), input.size());
  try {
    const lab::World world = lab::world_from_json(
        lab::parse_json(input.substr(0, cut), "world.json", ErrorKind::kCorruptFile), "world.json");
    // What is said is read again; what else is read can be judged.
    for (const lab::Fact& fact : world.facts()) world.read(world.say(fact.statement, 0));
    for (const lab::Statement& statement : world.read(input.substr(cut))) world.judge(statement);
  } catch (const Error&) {
  }
  return 0;
}
