#include "cli/command.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/version.h"

namespace manyshot {

std::FILE* summary_stream(const std::string& out) { return out.empty() || out == "/dev/stdout" ? stderr : stdout; }

void print_summary(Command& command, const Json& results, std::FILE* stream) {
  Json json{{"command", command.name()}, {"version", program_version()}, {"options", to_json(command.options())}};
  json.update(results);
  json["peak_memory_bytes"] = peak_memory_bytes();
  fmt::print(stream, "{}\n", json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace));
}

}  // namespace manyshot
