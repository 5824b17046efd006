#include "mcp/json_rpc.h"

#include <fmt/format.h>

#include <utility>

#include "core/json_depth.h"
#include "core/text.h"

namespace manyshot::mcp {
namespace {

Message make_problem(ErrorCode code, std::string problem, Json id = nullptr) {
  return {.kind = MessageKind::kProblem, .id = std::move(id), .code = code, .problem = std::move(problem)};
}

bool is_id(const Json& value) { return value.is_string() || value.is_number_integer(); }

Message read_message(Json& json) {
  if (!json.is_object()) return make_problem(ErrorCode::kInvalidRequest, "a message is a JSON object");
  const auto id = json.find("id");
  const bool has_id = id != json.end();
  Json readable_id = has_id && is_id(*id) ? *id : Json();
  const auto invalid = [&](std::string problem) {
    return make_problem(ErrorCode::kInvalidRequest, std::move(problem), readable_id);
  };
  if (json.value("jsonrpc", Json()) != "2.0") return invalid("\"jsonrpc\" must be \"2.0\"");
  if (has_id && !is_id(*id)) return invalid("\"id\" must be text or a whole number");
  const auto method = json.find("method");
  if (method == json.end()) {
    if (json.contains("result") || json.contains("error")) return {.kind = MessageKind::kResponse};
    return invalid("\"method\" is needed");
  }
  if (!method->is_string()) return invalid("\"method\" must be text");
  Message message{.kind = has_id ? MessageKind::kRequest : MessageKind::kNotification,
                  .id = std::move(readable_id),
                  .method = method->get<std::string>()};
  const auto params = json.find("params");
  if (params == json.end()) return message;
  if (!params->is_object())
    return make_problem(ErrorCode::kInvalidParams, "\"params\" must be a JSON object", message.id);
  message.params = std::move(*params);
  return message;
}

}  // namespace

Line read_line(std::string_view line) {
  const auto refused = [](std::string problem) {
    return Line{.messages = {make_problem(ErrorCode::kParse, std::move(problem))}};
  };
  if (const auto place = find_invalid_utf8(line)) return refused(fmt::format("byte {} is not UTF-8", *place));
  if (is_json_deeper_than(line))
    return refused(fmt::format("more than {} lists and objects in each other", kMostJsonLevels));
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return refused("the line is no JSON");
  if (!json.is_array()) return {.messages = {read_message(json)}};
  if (json.empty()) return {.messages = {make_problem(ErrorCode::kInvalidRequest, "an empty batch")}};
  Line batch{.is_batch = true};
  for (Json& message : json) batch.messages.push_back(read_message(message));
  return batch;
}

Json make_result(const Json& id, Json result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

Json make_error(const Json& id, ErrorCode code, const std::string& message, Json data) {
  Json error{{"code", static_cast<int>(code)}, {"message", message}};
  if (!data.is_null()) error["data"] = std::move(data);
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}};
}

Json make_notification(std::string_view method, Json params) {
  return {{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

std::string to_line(const Json& message) {
  return message.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace manyshot::mcp
