// manyshot mcp as a process: its numbers are those of the command line, and it touches nothing but its folder.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>

#include "cli/documented_keys.h"
#include "core/rng.h"
#include "mcp/json_schema.h"
#include "support/mcp_client.h"
#include "support/program.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using Client = McpClient;
using Json = Client::Json;

class McpCommand : public ::testing::Test {
 protected:
  McpCommand() {
    folder_.write("root/train.csv", table(1, 90));
    folder_.write("root/test.csv", table(2, 12));
    folder_.write("root/prices.csv", prices());
    folder_.write("secret.csv", table(1, 90));
    client_ = std::make_unique<Client>(std::vector<std::string>{"--root", root_, "--memory", folder_ / "agent.memory"});
    const Json listed = client_->request("tools/list")["result"]["tools"];
    for (const Json& tool : listed) schemas_[tool["name"]] = tool["outputSchema"];
  }

  // Rows whose class depends on two columns.
  static std::string table(uint64_t seed, int rows) {
    const Rng rng = Rng(seed);
    std::string text = "height,tone,id,kind\n";
    for (int row = 0; row < rows; ++row) {
      const double height = rng.child("height").uniform(static_cast<uint64_t>(row));
      const bool is_red = rng.child("tone").uniform(static_cast<uint64_t>(row)) < 0.5;
      text += fmt::format("{:.3f},{},{},{}\n", height, is_red ? "red" : "blue", row,
                          height > (is_red ? 0.3 : 0.7) ? "oak" : "elm");
    }
    return text;
  }
  static std::string prices() {
    const Rng rng = Rng(5);
    std::string text = "size,price\n";
    for (uint64_t row = 0; row < 80; ++row)
      text +=
          fmt::format("{:.2f},{:.2f}\n", rng.uniform(row), 100 * rng.uniform(row) + rng.child("noise").uniform(row));
    return text;
  }

  // What a tool gives, which is as it says it would be.
  Json call(const std::string& tool, const Json& arguments) {
    Json data = client_->call_data(tool, arguments);
    EXPECT_NO_THROW(mcp::check_json(data, schemas_.at(tool))) << tool << ": " << data.dump();
    return data;
  }
  std::string failure_of(const std::string& tool, const Json& arguments) {
    const Json result = client_->call(tool, arguments);
    EXPECT_EQ(result["isError"], true) << result.dump();
    return result["content"][0]["text"];
  }
  static nlohmann::json command_line(std::vector<std::string> arguments) {
    const bool is_json = std::ranges::find(arguments, "--json") != arguments.end();
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    if (!is_json) return nullptr;
    const auto lines = lines_of(result.out.starts_with("{") ? result.out : result.err);
    return nlohmann::json::parse(lines.back());
  }

  TemporaryFolder folder_;
  const std::string root_ = folder_ / "root";
  std::unique_ptr<Client> client_;
  std::map<std::string, Json> schemas_;
};

TEST_F(McpCommand, SaysWhatItUnderstoodOfATable) {
  const Json by_path = call("load_table", {{"path", "train.csv"}});
  EXPECT_EQ(by_path["num_rows"], 90);
  EXPECT_EQ(by_path["columns"][1]["categories"], Json({"blue", "red"}));
  EXPECT_EQ(by_path["columns"][0]["type"], "numeric");
  const Json by_text = call("load_table", {{"csv", "a;b\n1,5;x\n2,5;\n"}});
  EXPECT_EQ(by_text["format"], "CSV, semicolon, UTF-8");
  EXPECT_EQ(by_text["columns"][0]["maximum"], 2.5);
  const Json by_rows = call("load_table", {{"rows", {{{"a", 1}, {"b", true}}, {{"b", false}, {"c", "x"}}}}});
  EXPECT_EQ(by_rows["num_columns"], 3);
  EXPECT_EQ(by_rows["columns"][1]["type"], "boolean");
  EXPECT_EQ(by_rows["columns"][2]["missing"], 1);
  EXPECT_NE(by_path["table_id"], by_text["table_id"]);
}

TEST_F(McpCommand, PredictsAsTheCommandLineDoes) {
  const std::vector<std::string> options{"--target", "kind", "--ignore", "id", "--model", "default", "--ensemble", "2"};
  const auto with_options = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), options.begin(), options.end());
    return arguments;
  };
  command_line(with_options(
      {"predict", "--train", root_ + "/train.csv", "--test", root_ + "/test.csv", "--out", folder_ / "own.csv"}));
  const std::string own = content_of(folder_ / "own.csv");
  EXPECT_EQ(lines_of(own).size(), 13u);
  const Json how{{"target", "kind"}, {"ignore", {"id"}}, {"model", "default"}, {"ensemble", 2}};
  const auto predicted = [&](Json arguments) {
    arguments["out"] = "answers.csv";
    const Json answer = call("predict", arguments);
    EXPECT_EQ(answer["written_to"], "answers.csv");
    EXPECT_EQ(content_of(root_ + "/answers.csv"), own) << arguments.dump();
    return answer;
  };
  Json by_path = how;
  by_path.update(Json{{"train", "train.csv"}, {"test", "test.csv"}});
  const Json answer = predicted(by_path);
  EXPECT_EQ(answer["predictions"].size(), 12u);
  EXPECT_EQ(answer["classes"], Json({"elm", "oak"}));
  for (size_t row = 0; row < 12; ++row) {
    const Json& shown = answer["predictions"][row];
    EXPECT_EQ(fmt::format("{},{},{:.6g},{:.6g}", row, shown["prediction"].get<std::string>(),
                          shown["probabilities"]["elm"].get<double>(), shown["probabilities"]["oak"].get<double>()),
              lines_of(own)[row + 1]);
  }
  // Tables by id, a fit by id, its file, and the command line's.
  Json fit_arguments = how;
  fit_arguments["train"] = call("load_table", {{"csv", content_of(root_ + "/train.csv")}})["table_id"];
  fit_arguments["out"] = "own.msfit";
  const Json fit = call("fit", fit_arguments);
  EXPECT_EQ(fit["labelled_rows"], 90);
  const Json test = call("load_table", {{"path", "test.csv"}})["table_id"];
  predicted({{"fit", fit["fit_id"]}, {"test", test}});
  predicted({{"fit", "own.msfit"}, {"test", "test.csv"}});
  command_line(with_options({"fit", "--train", root_ + "/train.csv", "--out", root_ + "/other.msfit"}));
  predicted({{"fit", "other.msfit"}, {"test", test}});
  command_line(
      {"predict", "--fit", root_ + "/own.msfit", "--test", root_ + "/test.csv", "--out", folder_ / "again.csv"});
  EXPECT_EQ(content_of(folder_ / "again.csv"), own);
}

TEST_F(McpCommand, PredictsRowsThatAreGiven) {
  const Json fit = call("fit", {{"train", "train.csv"}, {"target", "kind"}, {"ignore", {"id"}}, {"model", "default"}});
  const Json rows{{{"height", 0.95}, {"tone", "red"}}, {{"height", 0.05}, {"tone", "blue"}}, {{"tone", "red"}}};
  const Json answer = call("predict", {{"fit", fit["fit_id"]}, {"rows", rows}, {"max_rows", 2}});
  EXPECT_EQ(answer["num_rows"], 3);
  EXPECT_EQ(answer["predictions"].size(), 2u);
  EXPECT_EQ(answer["predictions"][0]["prediction"], "oak");
  EXPECT_EQ(answer["predictions"][1]["prediction"], "elm");
  EXPECT_THAT(answer["summary"].get<std::string>(), HasSubstr("3 rows predicted from 90 labelled ones; the first 2"));
}

TEST_F(McpCommand, PredictsNumbersAsTheCommandLineDoes) {
  command_line({"predict", "--train", root_ + "/prices.csv", "--test", root_ + "/prices.csv", "--target", "price",
                "--out", folder_ / "own.csv"});
  const Json answer =
      call("predict", {{"train", "prices.csv"}, {"test", "prices.csv"}, {"target", "price"}, {"out", "p.csv"}});
  EXPECT_EQ(answer["is_number"], true);
  EXPECT_EQ(content_of(root_ + "/p.csv"), content_of(folder_ / "own.csv"));
  const Json& first = answer["predictions"][0];
  EXPECT_LE(first["quantiles"]["p05"], first["quantiles"]["p95"]);
  EXPECT_TRUE(first["prediction"].is_number());
}

TEST_F(McpCommand, EvaluatesAsTheCommandLineDoes) {
  const std::vector<std::string> how{"--target", "kind", "--ignore", "id", "--model", "default", "--json", "--quiet"};
  for (const bool is_folds : {true, false}) {
    std::vector<std::string> arguments{"predict", "--train", root_ + "/train.csv", "--out", folder_ / "unused.csv"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    for (const char* const more : {is_folds ? "--folds" : "--holdout", is_folds ? "3" : "0.25"})
      arguments.emplace_back(more);
    const nlohmann::json own = command_line(arguments);
    Json asked{{"target", "kind"}, {"ignore", {"id"}}, {"model", "default"}};
    if (is_folds) asked["folds"] = 3;
    if (!is_folds) asked["holdout"] = 0.25;
    for (const Json& table :
         {Json("train.csv"), call("load_table", {{"csv", content_of(root_ + "/train.csv")}})["table_id"]}) {
      asked["table"] = table;
      const Json answer = call("evaluate", asked);
      EXPECT_EQ(nlohmann::json(answer["metrics"]), own["metrics"]);
      EXPECT_EQ(answer["num_rows"], own["queries"]);
    }
  }
  const nlohmann::json own = command_line({"predict", "--train", root_ + "/prices.csv", "--target", "price", "--folds",
                                           "5", "--out", folder_ / "unused.csv", "--json", "--quiet"});
  EXPECT_EQ(nlohmann::json(call("evaluate", {{"table", "prices.csv"}, {"target", "price"}})["metrics"]),
            own["number_metrics"]);
}

TEST_F(McpCommand, StaysInItsFolder) {
  const std::string outside = "outside the folder that this server was given";
  std::filesystem::create_symlink("../secret.csv", root_ + "/link.csv");
  const Json task{{"target", "kind"}, {"model", "majority"}};
  const auto with = [&](Json more) {
    more.update(task);
    return more;
  };
  for (const std::string path : {"../secret.csv", "link.csv", "/etc/passwd"}) {
    EXPECT_THAT(failure_of("load_table", {{"path", path}}), HasSubstr(outside));
    EXPECT_THAT(failure_of("fit", with({{"train", path}})), HasSubstr(outside));
    EXPECT_THAT(failure_of("evaluate", with({{"table", path}})), HasSubstr(outside));
    EXPECT_THAT(failure_of("predict", {{"fit", path}, {"test", "test.csv"}}), HasSubstr(outside));
    EXPECT_THAT(failure_of("predict", with({{"train", "train.csv"}, {"test", path}})), HasSubstr(outside));
    EXPECT_THAT(failure_of("predict", with({{"train", "train.csv"}, {"test", "test.csv"}, {"out", path}})),
                HasSubstr(outside));
    EXPECT_THAT(failure_of("fit", with({{"train", "train.csv"}, {"out", path}})), HasSubstr(outside));
    EXPECT_THAT(failure_of("fit", {{"train", "train.csv"}, {"target", "kind"}, {"model", path + "/"}}),
                HasSubstr(outside));
  }
  EXPECT_EQ(content_of(folder_ / "secret.csv"), table(1, 90));
}

// No call destroys what it, or another one, reads.
TEST_F(McpCommand, OverwritesNoInput) {
  const std::string refused = "this file is read from, and would be destroyed";
  std::filesystem::create_hard_link(root_ + "/test.csv", root_ + "/same.csv");
  const Json fit = call("fit", {{"train", "train.csv"}, {"target", "kind"}, {"model", "majority"}, {"out", "a.msfit"}});
  for (const std::string out : {"test.csv", "./test.csv", "same.csv", "a.msfit"})
    EXPECT_THAT(failure_of("predict", {{"fit", "a.msfit"}, {"test", "test.csv"}, {"out", out}}), HasSubstr(refused))
        << out;
  EXPECT_THAT(failure_of("fit", {{"train", "train.csv"}, {"target", "kind"}, {"out", "train.csv"}}),
              HasSubstr(refused));
  call("load_table", {{"path", "prices.csv"}});
  const Json answer{{"fit", fit["fit_id"]}, {"test", "test.csv"}, {"out", "prices.csv"}};
  EXPECT_THAT(failure_of("predict", answer), HasSubstr(refused));
  EXPECT_EQ(content_of(root_ + "/prices.csv"), prices());
  Client within({"--root", folder_.path(), "--memory", folder_ / "agent.memory"});
  const Json into_memory{
      {"train", "root/train.csv"}, {"target", "kind"}, {"model", "majority"}, {"out", "agent.memory"}};
  EXPECT_THAT(within.call("fit", into_memory)["content"][0]["text"].get<std::string>(), HasSubstr(refused));
}

TEST_F(McpCommand, SaysWhatIsWrongWithACall) {
  EXPECT_THAT(failure_of("load_table", Json::object()), HasSubstr("give one of path, csv and rows"));
  EXPECT_THAT(failure_of("load_table", {{"csv", "a,b\n1\n"}}), HasSubstr("the CSV text:2"));
  EXPECT_THAT(failure_of("load_table", {{"path", "none.csv"}}), HasSubstr("none.csv: no such file"));
  EXPECT_THAT(failure_of("load_table", {{"rows", Json::array()}}), HasSubstr("there are no rows"));
  EXPECT_THAT(failure_of("fit", {{"train", "table-9"}, {"target", "kind"}}), HasSubstr("there is no table-9"));
  EXPECT_THAT(failure_of("fit", {{"train", "train.csv"}, {"target", "kin"}}), HasSubstr("did you mean \"kind\"?"));
  EXPECT_THAT(failure_of("fit", {{"train", "train.csv"}, {"target", "kind"}, {"model", "defualt"}}),
              HasSubstr("did you mean \"default\"?"));
  EXPECT_THAT(failure_of("predict", {{"test", "test.csv"}}), HasSubstr("give fit, or train and target"));
  EXPECT_THAT(failure_of("predict", {{"train", "train.csv"}, {"test", "test.csv"}}), HasSubstr("target is needed"));
  EXPECT_THAT(failure_of("predict", {{"train", "train.csv"}, {"target", "kind"}}),
              HasSubstr("give one of test and rows"));
  EXPECT_THAT(failure_of("evaluate", {{"table", "train.csv"}, {"target", "kind"}, {"folds", 1}}),
              HasSubstr("folds: expected at least 2"));
  const Json fit = call("fit", {{"train", "train.csv"}, {"target", "kind"}, {"model", "majority"}});
  EXPECT_THAT(failure_of("predict", {{"fit", fit["fit_id"]}, {"target", "kind"}, {"test", "test.csv"}}),
              HasSubstr("target is what the fit was made with"));
}

TEST_F(McpCommand, RemembersBeyondItsLife) {
  const Json experience{{"collection", "deploys"}, {"fields", {{"day", "fri"}, {"size", 3}}}, {"outcome", "failed"}};
  EXPECT_EQ(call("predict_outcome", {{"collection", "deploys"}, {"fields", {{"day", "fri"}}}})["basis"], "nothing");
  EXPECT_EQ(call("remember", experience)["num_experiences"], 1);
  client_->kill(SIGKILL);
  client_ = std::make_unique<Client>(std::vector<std::string>{"--root", root_, "--memory", folder_ / "agent.memory"});
  Json several = Json::array();
  for (int size = 0; size < 40; ++size)
    several.push_back({{"fields", {{"day", size % 2 == 0 ? "mon" : "fri"}, {"size", size % 7}}},
                       {"outcome", size % 2 == 0 ? "fine" : "failed"}});
  EXPECT_EQ(call("remember", {{"collection", "deploys"}, {"experiences", several}})["num_experiences"], 41);
  const Json recalled =
      call("recall", {{"collection", "deploys"}, {"fields", {{"day", "fri"}, {"size", 3}}}, {"count", 2}});
  EXPECT_EQ(recalled["experiences"].size(), 2u);
  EXPECT_EQ(recalled["experiences"][0]["agrees"], Json({"day", "size"}));
  EXPECT_EQ(recalled["experiences"][0]["outcome"], "failed");
  const Json predicted = call(
      "predict_outcome",
      {{"collection", "deploys"}, {"fields", {{"size", 4}}}, {"alternatives", {{{"day", "mon"}}, {{"day", "fri"}}}}});
  EXPECT_EQ(predicted["basis"], "model");
  EXPECT_EQ(predicted["predictions"][0]["prediction"], "fine");
  EXPECT_EQ(predicted["predictions"][1]["prediction"], "failed");
  EXPECT_EQ(predicted["predictions"][1]["fields"], (Json{{"size", 4}, {"day", "fri"}}));
  EXPECT_EQ(predicted["outcome_counts"], (Json{{"failed", 21}, {"fine", 20}}));
  EXPECT_LT(predicted["on_remembered"]["log_loss"], predicted["on_remembered"]["base_rate_log_loss"]);
  EXPECT_EQ(call("memories", Json::object())["collections"][0]["num_experiences"], 41);
  const Json id = recalled["experiences"][0]["id"];
  EXPECT_EQ(call("forget", {{"collection", "deploys"}, {"ids", {id}}})["num_experiences"], 40);
  EXPECT_EQ(call("forget", {{"collection", "deploys"}, {"all", true}})["forgotten"], 40);
  EXPECT_EQ(call("memories", Json::object())["collections"], Json::array());
  EXPECT_THAT(failure_of("forget", {{"collection", "deploys"}, {"all", true}}),
              HasSubstr("nothing at all is remembered"));
  EXPECT_THAT(failure_of("remember", {{"collection", "c"}, {"fields", {{"x", 1}}}}), HasSubstr("outcome is needed"));
}

TEST_F(McpCommand, GivesUpACallAndGoesOn) {
  folder_.write("root/large.csv", table(3, 1500));
  const auto request = [](int id, const std::string& tool, const Json& arguments) {
    return Json{{"jsonrpc", "2.0"},
                {"id", id},
                {"method", "tools/call"},
                {"params", {{"name", tool}, {"arguments", arguments}}}}
        .dump();
  };
  client_->send_line(R"({"jsonrpc":"2.0","id":900,"method":"initialize","params":{"protocolVersion":"2025-06-18"}})");
  EXPECT_EQ(client_->read()["result"]["protocolVersion"], "2025-06-18");
  client_->send_line(
      request(901, "evaluate", {{"table", "large.csv"}, {"target", "kind"}, {"folds", 100}, {"model", "auto"}}));
  client_->send_line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":901}})");
  client_->send_line(request(902, "memories", Json::object()));
  EXPECT_EQ(client_->read()["id"], 902);
  EXPECT_EQ(client_->finish(), 0);
}

TEST_F(McpCommand, EndsWithItsInputOrBySignal) {
  // What was asked before the end is answered.
  client_->send_line(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}})");
  client_->send_line(
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"evaluate","arguments":{"table":"train.csv","target":"kind","model":"knn"}}})");
  EXPECT_EQ(client_->finish(), 0);
  EXPECT_EQ(client_->read()["id"], 1);
  EXPECT_EQ(client_->read()["result"]["isError"], false);
  Client other({"--root", root_});
  other.request("server/discover");
  EXPECT_THROW(other.call_data("memories", Json::object()), std::runtime_error) << "no memory was named";
  ::kill(other.process(), SIGTERM);
  EXPECT_EQ(other.wait(), -SIGTERM);
}

TEST_F(McpCommand, TellsItsCountsInJson) {
  Client client({"--root", root_, "--json"});
  client.call("load_table", Json::object());
  EXPECT_EQ(client.finish(), 0);
  const nlohmann::json summary = nlohmann::json::parse(lines_of(client.standard_error()).back());
  expect_documented(summary, "mcp");
  EXPECT_EQ(summary["calls"], 1);
  EXPECT_EQ(summary["failed_calls"], 1);
}

TEST_F(McpCommand, RefusesBadOptions) {
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    Client client(arguments);
    EXPECT_EQ(client.finish(), 2);
    EXPECT_THAT(client.standard_error(), HasSubstr(message));
    EXPECT_THROW(client.read(), std::runtime_error) << "nothing is written";
  };
  refused({"--root", folder_ / "none"}, "none: no such folder");
  refused({"--memory", folder_ / "secret.csv"}, "secret.csv: this is no memory");
  refused({"--max-message-mb", "0"}, "--max-message-mb");
}

}  // namespace
}  // namespace manyshot
