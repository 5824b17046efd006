// The protocol, with tools that are made for it.
#include "mcp/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "mcp/schemas.h"

namespace manyshot::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kMeta = R"("_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", )"
                          R"("io.modelcontextprotocol/clientCapabilities": {}, "progressToken": "p1"})";

class ServerTest : public ::testing::Test {
 protected:
  ServerTest()
      : server_({add_tool(), wait_tool(), fail_tool()}, "what to know", [this](std::string_view line) {
          const std::lock_guard lock(mutex_);
          lines_.push_back(Json::parse(line));
        }) {}

  Tool add_tool() const {
    return {.name = "add",
            .title = "Add",
            .description = "Adds numbers.",
            .input_schema =
                schema::object({{"numbers", schema::list(schema::number())}, {"word", schema::text()}}, {"numbers"}),
            .output_schema = schema::answer({{"sum", schema::number()}}, {"sum"}),
            .call = [](const Json& arguments, const TellProgress& tell) {
              double sum = 0;
              for (const Json& number : arguments.at("numbers")) {
                tell(sum, 10, "adding");
                sum += number.get<double>();
              }
              if (arguments.contains("word")) log::info("{}", arguments.at("word").get<std::string>());
              return Json{{"summary", "added"}, {"sum", sum}};
            }};
  }
  // Works until it is given up.
  Tool wait_tool() {
    return {.name = "wait",
            .input_schema = schema::object(Json::object(), {}),
            .output_schema = schema::answer(Json::object(), {}),
            .call = [this](const Json&, const TellProgress&) -> Json {
              is_waiting_ = true;
              while (true) {
                check_interrupted();
                std::this_thread::yield();
              }
            }};
  }
  Tool fail_tool() const {
    return {.name = "fail",
            .input_schema = schema::object(Json::object(), {}),
            .output_schema = schema::answer(Json::object(), {}),
            .call = [](const Json&, const TellProgress&) -> Json { fail(ErrorKind::kNotFound, "no such thing"); }};
  }

  // The answers to these lines, all that come.
  std::vector<Json> answers(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) server_.receive(line);
    server_.drain();
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }
  Json answer(const std::string& line) {
    const std::vector<Json> all = answers({line});
    EXPECT_EQ(all.size(), 1u) << line;
    return all.empty() ? Json() : all.front();
  }
  void begin_handshake(const std::string& revision) {
    answer(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + revision +
           R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})");
    EXPECT_THAT(answers({R"({"jsonrpc":"2.0","method":"notifications/initialized"})"}), IsEmpty());
  }
  static std::string request(const std::string& method, const std::string& params, const std::string& id = "1") {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{)" + params + "}}";
  }
  static std::string stateless(const std::string& method, const std::string& params = "") {
    return request(method, params + (params.empty() ? "" : ", ") + kMeta);
  }
  static int code_of(const Json& answer) { return answer.value("error", Json::object()).value("code", 0); }

  std::atomic<bool> is_waiting_ = false;
  std::mutex mutex_;
  std::vector<Json> lines_;
  Server server_;
};

TEST_F(ServerTest, AnswersTheStatelessRevision) {
  const Json discovered = answer(stateless("server/discover"))["result"];
  EXPECT_EQ(discovered["resultType"], "complete");
  EXPECT_EQ(discovered["supportedVersions"][0], "2026-07-28");
  EXPECT_EQ(discovered["supportedVersions"].size(), 5u);
  EXPECT_TRUE(discovered["capabilities"]["tools"].is_object());
  EXPECT_EQ(discovered["instructions"], "what to know");
  EXPECT_EQ(discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "manyshot");
  EXPECT_TRUE(discovered["ttlMs"].is_number());

  const Json tools = answer(stateless("tools/list"))["result"];
  EXPECT_EQ(tools["resultType"], "complete");
  EXPECT_EQ(tools["tools"][0]["name"], "add");
  EXPECT_EQ(tools["tools"][0]["inputSchema"]["type"], "object");
  EXPECT_EQ(tools["tools"][0]["outputSchema"]["required"], Json({"sum", "summary"}));

  const std::vector<Json> called = answers({stateless("tools/call", R"("name":"add","arguments":{"numbers":[1,2]})")});
  ASSERT_EQ(called.size(), 3u);  // two of progress
  EXPECT_EQ(called[1], Json::parse(R"({"jsonrpc":"2.0","method":"notifications/progress","params":
      {"progressToken":"p1","progress":1.0,"total":10.0,"message":"adding"}})"));
  const Json& result = called[2]["result"];
  EXPECT_EQ(result["structuredContent"], (Json{{"summary", "added"}, {"sum", 3.0}}));
  EXPECT_EQ(Json::parse(result["content"][0]["text"].get<std::string>()), result["structuredContent"]);
  EXPECT_EQ(result["isError"], false);
  EXPECT_EQ(result["resultType"], "complete");
}

TEST_F(ServerTest, AnswersRevisionsWithAHandshake) {
  for (const std::string revision : {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "1999-01-01"}) {
    const Json result = answer(request("initialize", R"("protocolVersion":")" + revision + "\""))["result"];
    EXPECT_EQ(result["protocolVersion"], revision == "1999-01-01" ? "2025-11-25" : revision);
    EXPECT_EQ(result["serverInfo"]["name"], "manyshot");
    EXPECT_FALSE(result.contains("resultType"));
  }
  EXPECT_EQ(answer(request("ping", ""))["result"], Json::object());
  const Json tools = answer(request("tools/list", ""))["result"];
  EXPECT_EQ(tools["tools"].size(), 3u);
  EXPECT_FALSE(tools.contains("resultType"));
  const std::vector<Json> called = answers({request("tools/call", R"("name":"add","arguments":{"numbers":[1,2]})")});
  ASSERT_EQ(called.size(), 1u);  // no token, no progress
  EXPECT_EQ(called[0]["result"]["structuredContent"]["sum"], 3.0);
}

TEST_F(ServerTest, RefusesRequestsThatSayTooLittleOrTooMuch) {
  EXPECT_EQ(code_of(answer(request("tools/list", ""))), -32602);  // neither a handshake nor a word of its own
  EXPECT_EQ(answer(request("ping", ""))["result"], Json::object());
  EXPECT_EQ(
      code_of(answer(request("tools/list", R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})"))),
      -32602);
  const Json unsupported = answer(request(
      "tools/list",
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01","io.modelcontextprotocol/clientCapabilities":{}})"));
  EXPECT_EQ(code_of(unsupported), -32022);
  EXPECT_EQ(unsupported["error"]["data"]["requested"], "1900-01-01");
  EXPECT_EQ(unsupported["error"]["data"]["supported"][0], "2026-07-28");
  EXPECT_EQ(code_of(answer(stateless("ping"))), -32601);  // removed in that revision
  EXPECT_EQ(code_of(answer(stateless("resources/list"))), -32601);
  EXPECT_EQ(code_of(answer(stateless("tools/list", R"("cursor":"2")"))), -32602);
  EXPECT_EQ(code_of(answer(request("initialize", ""))), -32602);
  EXPECT_EQ(code_of(answer("{")), -32700);
  EXPECT_EQ(code_of(answer(R"({"jsonrpc":"2.0","id":1})")), -32600);
  server_.refuse_long_line(1 << 20);
  EXPECT_THAT(answers({})[0]["error"]["message"].get<std::string>(), HasSubstr("1.0 MiB"));
  EXPECT_THAT(answers({"", "  ", R"({"jsonrpc":"2.0","id":5,"result":{}})"}), IsEmpty());
}

TEST_F(ServerTest, RefusesCallsOfNoTool) {
  const Json unknown = answer(stateless("tools/call", R"("name":"ad","arguments":{})"));
  EXPECT_EQ(code_of(unknown), -32602);
  EXPECT_THAT(unknown["error"]["message"].get<std::string>(), HasSubstr("did you mean \"add\"?"));
  EXPECT_EQ(code_of(answer(stateless("tools/call", R"("arguments":{})"))), -32602);
  EXPECT_EQ(code_of(answer(stateless("tools/call", R"("name":"add","arguments":[1])"))), -32602);
}

// Seen by the language model, which may do better.
TEST_F(ServerTest, ToolsThatFailAreResults) {
  const auto message_of = [&](const std::string& params) {
    const Json result = answer(stateless("tools/call", params))["result"];
    EXPECT_EQ(result["isError"], true);
    EXPECT_FALSE(result.contains("structuredContent"));
    return result["content"][0]["text"].get<std::string>();
  };
  EXPECT_EQ(message_of(R"("name":"fail")"), "no such thing");
  EXPECT_EQ(message_of(R"("name":"add","arguments":{})"), "numbers is needed");
  EXPECT_EQ(message_of(R"("name":"add","arguments":{"numbers":null})"), "numbers is needed");
  EXPECT_EQ(message_of(R"("name":"add","arguments":{"numbers":["1"]})"), R"(numbers[0]: expected a number, found "1")");
  EXPECT_EQ(server_.counts().calls, 4u);
  EXPECT_EQ(server_.counts().failed_calls, 4u);
}

TEST_F(ServerTest, WhatIsLoggedMeanwhileIsANote) {
  const Json result =
      answers({stateless("tools/call", R"("name":"add","arguments":{"numbers":[],"word":"mind this"})")})
          .back()["result"];
  EXPECT_EQ(result["structuredContent"]["notes"], Json({"mind this"}));
}

TEST_F(ServerTest, GivesUpWhatIsCancelled) {
  begin_handshake("2025-11-25");
  const auto cancel = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}";
  };
  server_.receive(request("tools/call", R"("name":"wait")", "11"));
  server_.receive(request("tools/call", R"("name":"add","arguments":{"numbers":[1]})", "12"));
  server_.receive(request("tools/call", R"("name":"add","arguments":{"numbers":[2]})", "\"13\""));
  while (!is_waiting_) std::this_thread::yield();
  server_.receive(request("ping", "", "14"));  // answered while a call runs
  server_.receive(request("tools/call", R"("name":"add","arguments":{"numbers":[]})", "12"));  // under way already
  const std::vector<Json> all = answers({cancel("12"), cancel("99"), cancel("11")});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["id"], 14);
  EXPECT_EQ(code_of(all[1]), -32600);
  EXPECT_EQ(all[2]["id"], "13");
  EXPECT_EQ(all[2]["result"]["structuredContent"]["sum"], 2.0) << "what follows is not given up with it";
  EXPECT_EQ(server_.counts().cancelled_calls, 2u);
}

TEST_F(ServerTest, BatchesAreOfOneRevision) {
  const std::string batch = "[" + request("ping", "", "1") + "," +
                            request("tools/call", R"("name":"add","arguments":{"numbers":[4]})", "2") +
                            R"(,{"jsonrpc":"2.0","method":"notifications/initialized"},5])";
  begin_handshake("2025-06-18");
  EXPECT_EQ(code_of(answer(batch)), -32600);
  begin_handshake("2025-03-26");
  const Json answered = answer(batch);
  ASSERT_TRUE(answered.is_array());
  ASSERT_EQ(answered.size(), 3u);
  std::map<std::string, Json> by_id;  // in any order
  for (const Json& one : answered) by_id[one["id"].dump()] = one;
  ASSERT_EQ(by_id.size(), 3u);
  EXPECT_EQ(by_id["1"]["result"], Json::object());
  EXPECT_EQ(code_of(by_id["null"]), -32600);
  EXPECT_EQ(by_id["2"]["result"]["structuredContent"]["sum"], 4.0);
}

TEST(Server, EndsWhileACallRuns) {
  std::atomic<bool> is_running = false;
  Tool tool{.name = "wait",
            .input_schema = schema::object(Json::object(), {}),
            .call = [&](const Json&, const TellProgress&) -> Json {
              is_running = true;
              while (true) check_interrupted();
            }};
  Server server({tool}, "", [](std::string_view) {});
  server.receive(std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait",)") + kMeta +
                 "}}");
  while (!is_running) std::this_thread::yield();
}

}  // namespace
}  // namespace manyshot::mcp
