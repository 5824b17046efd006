// A line of a client of manyshot mcp -> its messages, of which revision they are, and whether arguments keep to a
// schema.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "mcp/json_rpc.h"
#include "mcp/json_schema.h"
#include "mcp/protocol.h"
#include "mcp/schemas.h"

namespace {

using namespace manyshot;
using namespace manyshot::mcp;

const Json kSchema = schema::object({{"collection", schema::text()},
                                     {"fields", schema::cells("")},
                                     {"count", schema::whole("", 1, 100)},
                                     {"either", {{"anyOf", {schema::flag(), schema::list(schema::number())}}}}},
                                    {"collection"});

// An answer is one line of JSON, whatever the client wrote.
void check_answer(const Json& answer) {
  const std::string line = to_line(answer);
  if (line.find('\n') != std::string::npos || find_invalid_utf8(line) || Json::parse(line) != answer) std::abort();
}

void check_message(const Message& message) {
  switch (message.kind) {
    case MessageKind::kProblem:
      if (message.problem.empty()) std::abort();
      return check_answer(make_error(message.id, message.code, message.problem));
    case MessageKind::kRequest: {
      if (!message.id.is_string() && !message.id.is_number_integer()) std::abort();
      const RevisionOrRefusal asked = revision_of(message, "");
      if (asked.revision.empty() != asked.refusal.has_value()) std::abort();
      if (asked.refusal)
        check_answer(make_error(message.id, asked.refusal->code, asked.refusal->message, asked.refusal->data));
      progress_token_of(message.params);
      try {
        check_json(message.params.value("arguments", Json()), kSchema);
      } catch (const Error& error) {
        check_answer(make_result(message.id, failed_call_result(error.what(), kStatelessRevision)));
      }
      return;
    }
    case MessageKind::kNotification:
    case MessageKind::kResponse:
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Line line = read_line({reinterpret_cast<const char*>(data), size});
  if (line.messages.empty()) std::abort();
  for (const Message& message : line.messages) check_message(message);
  return 0;
}
