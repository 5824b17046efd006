#include "mcp/protocol.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/version.h"

namespace manyshot::mcp {
namespace {

constexpr const char* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kServerInfoKey = "io.modelcontextprotocol/serverInfo";
constexpr int kListTtlMs = 3'600'000;  // the tools of a process never change

Json server_info() { return {{"name", "manyshot"}, {"title", "manyshot"}, {"version", program_version()}}; }

Json capabilities() { return {{"tools", {{"listChanged", false}}}}; }

bool is_known(std::string_view revision) {
  return revision == kStatelessRevision ||
         std::ranges::find(handshake_revisions(), revision) != handshake_revisions().end();
}

const Json* meta_of(const Json& params) {
  const auto meta = params.find("_meta");
  return meta == params.end() || !meta->is_object() ? nullptr : &*meta;
}

// What a client may keep of an answer, and how long.
void add_caching(Json& result) {
  result["ttlMs"] = kListTtlMs;
  result["cacheScope"] = "private";
}

Json tool_json(const Tool& tool) {
  return {{"name", tool.name},
          {"title", tool.title},
          {"description", tool.description},
          {"inputSchema", tool.input_schema},
          {"outputSchema", tool.output_schema},
          {"annotations",
           {{"readOnlyHint", tool.is_read_only}, {"destructiveHint", tool.is_destructive}, {"openWorldHint", false}}}};
}

}  // namespace

const std::vector<std::string>& handshake_revisions() {
  static const std::vector<std::string> revisions{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
  return revisions;
}

std::vector<std::string> all_revisions() {
  std::vector<std::string> all{std::string(kStatelessRevision)};
  all.insert(all.end(), handshake_revisions().begin(), handshake_revisions().end());
  return all;
}

bool has_batches(std::string_view revision) { return revision == "2025-03-26"; }

RevisionOrRefusal revision_of(const Message& request, const std::string& handshake) {
  const auto refuse = [](ErrorCode code, std::string message, Json data = nullptr) {
    return RevisionOrRefusal{.refusal = Refusal{code, std::move(message), std::move(data)}};
  };
  const Json* meta = meta_of(request.params);
  const Json version = meta == nullptr ? Json() : meta->value(kVersionKey, Json());
  if (version.is_null()) {
    if (!handshake.empty()) return {.revision = handshake};
    return refuse(
        ErrorCode::kInvalidParams,
        fmt::format("params._meta needs \"{}\" and \"{}\" (revision {}), or \"initialize\" comes first ({})",
                    kVersionKey, kCapabilitiesKey, kStatelessRevision, fmt::join(handshake_revisions(), ", ")));
  }
  if (!version.is_string())
    return refuse(ErrorCode::kInvalidParams, fmt::format("params._meta[\"{}\"] must be text", kVersionKey));
  const auto revision = version.get<std::string>();
  if (!is_known(revision)) {
    return refuse(ErrorCode::kUnsupportedVersion, "this protocol version is not supported",
                  {{"supported", all_revisions()}, {"requested", revision}});
  }
  if (!meta->value(kCapabilitiesKey, Json()).is_object())
    return refuse(ErrorCode::kInvalidParams, fmt::format("params._meta needs \"{}\", an object", kCapabilitiesKey));
  return {.revision = revision};
}

Json progress_token_of(const Json& params) {
  const Json* meta = meta_of(params);
  const Json token = meta == nullptr ? Json() : meta->value("progressToken", Json());
  return token.is_string() || token.is_number_integer() ? token : Json();
}

Json complete_result(Json result, std::string_view revision) {
  if (revision != kStatelessRevision) return result;
  result["resultType"] = "complete";
  result["_meta"][kServerInfoKey] = server_info();
  return result;
}

Json initialize_result(const Json& params, std::string_view instructions) {
  const auto& revisions = handshake_revisions();
  const auto found = std::ranges::find(revisions, params.at("protocolVersion").get<std::string>());
  return {{"protocolVersion", found == revisions.end() ? revisions.front() : *found},
          {"capabilities", capabilities()},
          {"serverInfo", server_info()},
          {"instructions", instructions}};
}

Json discover_result(std::string_view instructions) {
  Json result{{"supportedVersions", all_revisions()}, {"capabilities", capabilities()}, {"instructions", instructions}};
  add_caching(result);
  return complete_result(std::move(result), kStatelessRevision);
}

Json tools_result(const std::vector<Tool>& tools, std::string_view revision) {
  Json list = Json::array();
  for (const Tool& tool : tools) list.push_back(tool_json(tool));
  Json result{{"tools", std::move(list)}};
  if (revision == kStatelessRevision) add_caching(result);
  return complete_result(std::move(result), revision);
}

Json call_result(Json answer, std::string_view revision) {
  Json result{{"content", Json::array({{{"type", "text"}, {"text", to_line(answer)}}})},
              {"structuredContent", std::move(answer)},
              {"isError", false}};
  return complete_result(std::move(result), revision);
}

Json failed_call_result(const std::string& message, std::string_view revision) {
  Json result{{"content", Json::array({{{"type", "text"}, {"text", message}}})}, {"isError", true}};
  return complete_result(std::move(result), revision);
}

}  // namespace manyshot::mcp
