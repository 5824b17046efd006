#include "mcp/json_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot::mcp {
namespace {

using ::testing::HasSubstr;

Message only_message(std::string_view text) {
  Line line = read_line(text);
  EXPECT_FALSE(line.is_batch);
  EXPECT_EQ(line.messages.size(), 1u);
  return line.messages.at(0);
}

TEST(JsonRpc, ReadsRequestsAndNotifications) {
  const Message request = only_message(R"({"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"a": [1, null]}})");
  EXPECT_EQ(request.kind, MessageKind::kRequest);
  EXPECT_EQ(request.id, 7);
  EXPECT_EQ(request.method, "ping");
  EXPECT_EQ(request.params, Json::parse(R"({"a": [1, null]})"));
  const Message notification = only_message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(notification.kind, MessageKind::kNotification);
  EXPECT_EQ(notification.params, Json::object());
  EXPECT_EQ(only_message(R"({"jsonrpc":"2.0","id":"x","method":"é"})").id, "x");
  EXPECT_EQ(only_message(R"({"jsonrpc":"2.0","id":1,"result":{}})").kind, MessageKind::kResponse);
}

TEST(JsonRpc, SaysWhatIsWrongWithALine) {
  struct Case {
    std::string line;
    ErrorCode code;
    std::string problem;
    Json id;
  };
  const std::string deep(100, '[');
  const std::vector<Case> cases{
      {"{", ErrorCode::kParse, "no JSON", nullptr},
      {"\xff", ErrorCode::kParse, "byte 0 is not UTF-8", nullptr},
      {deep, ErrorCode::kParse, "more than 64 lists", nullptr},
      {"7", ErrorCode::kInvalidRequest, "a JSON object", nullptr},
      {R"({"id": 3, "method": "x"})", ErrorCode::kInvalidRequest, R"("jsonrpc" must be "2.0")", 3},
      {R"({"jsonrpc": "1.0", "id": 3, "method": "x"})", ErrorCode::kInvalidRequest, "jsonrpc", 3},
      {R"({"jsonrpc": "2.0", "id": null, "method": "x"})", ErrorCode::kInvalidRequest, R"("id" must be)", nullptr},
      {R"({"jsonrpc": "2.0", "id": 1.5, "method": "x"})", ErrorCode::kInvalidRequest, R"("id" must be)", nullptr},
      {R"({"jsonrpc": "2.0", "id": 4})", ErrorCode::kInvalidRequest, R"("method" is needed)", 4},
      {R"({"jsonrpc": "2.0", "id": 4, "method": 5})", ErrorCode::kInvalidRequest, R"("method" must be text)", 4},
      {R"({"jsonrpc": "2.0", "id": 4, "method": "x", "params": [1]})", ErrorCode::kInvalidParams, "params", 4},
      {"[]", ErrorCode::kInvalidRequest, "an empty batch", nullptr},
  };
  for (const Case& bad : cases) {
    const Message message = only_message(bad.line);
    EXPECT_EQ(message.kind, MessageKind::kProblem) << bad.line;
    EXPECT_EQ(message.code, bad.code) << bad.line;
    EXPECT_THAT(message.problem, HasSubstr(bad.problem)) << bad.line;
    EXPECT_EQ(message.id, bad.id) << bad.line;
  }
}

TEST(JsonRpc, ReadsBatchesOneByOne) {
  const Line line = read_line(R"([{"jsonrpc":"2.0","id":1,"method":"a"}, 5])");
  EXPECT_TRUE(line.is_batch);
  ASSERT_EQ(line.messages.size(), 2u);
  EXPECT_EQ(line.messages[0].method, "a");
  EXPECT_EQ(line.messages[1].kind, MessageKind::kProblem);
}

TEST(JsonRpc, WritesOneLine) {
  EXPECT_EQ(to_line(make_result("a\nb", {{"x", "é"}})),
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\\nb\",\"result\":{\"x\":\"é\"}}");
  EXPECT_EQ(to_line(make_error(nullptr, ErrorCode::kParse, "no", {{"at", 3}})),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no","data":{"at":3}}})");
}

}  // namespace
}  // namespace manyshot::mcp
