// manyshot serve as a process: it starts, is stopped and killed, and comes back.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "cli/documented_keys.h"
#include "support/free_port.h"
#include "support/models/tiny_text_model.h"
#include "support/program.h"
#include "support/raw_http.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServeCommand : public ::testing::Test {
 protected:
  ServeCommand() { write_tiny_text_model(folder_.path()); }

  ProgramResult run(const std::vector<std::string>& more, const std::function<void(pid_t)>& meanwhile = {}) const {
    std::vector<std::string> arguments{"serve", "--model", folder_.path(), "--name", "tiny"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments, {.meanwhile = meanwhile});
  }
  // Waits until the server answers.
  static bool answers(int port) {
    for (int i = 0; i < 1000; ++i) {
      try {
        if (ask(port, "GET", "/health").status == 200) return true;
      } catch (const std::runtime_error&) {
      }
      usleep(10'000);
    }
    return false;
  }
  void expect_refused(const std::vector<std::string>& arguments, const std::string& message) const {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr(message));
  }
  TemporaryFolder folder_;
};

TEST_F(ServeCommand, EndsWhenAskedAndFinishesWhatIsUnderWay) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const int port = free_port();
    std::string streamed;
    const ProgramResult result = run({"--port", std::to_string(port)}, [&](pid_t process) {
      ASSERT_TRUE(answers(port));
      const nlohmann::json body{{"prompt", "the nurse"}, {"max_tokens", 4000}, {"stream", true}, {"ignore_eos", true}};
      RawConnection connection(port);
      connection.send(request_text("POST", "/v1/completions", body.dump()));
      connection.read_until("data: ");
      kill(process, signal);
      streamed = parse_response(connection.read_all()).body;
    });
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, "tiny is served at http://127.0.0.1:" + std::to_string(port) + "/v1\n");
    EXPECT_THAT(result.err, HasSubstr("stopping; what is under way has 30 s"));
    EXPECT_THAT(streamed, HasSubstr("data: [DONE]"));
  }
}

TEST_F(ServeCommand, EndsAtOnceWhenAskedTwice) {
  const int port = free_port();
  const ProgramResult result = run({"--port", std::to_string(port)}, [&](pid_t process) {
    ASSERT_TRUE(answers(port));
    const nlohmann::json body{{"prompt", "x"}, {"max_tokens", 8000}, {"n", 200}, {"ignore_eos", true}};
    RawConnection connection(port);
    connection.send(request_text("POST", "/v1/completions", body.dump()));
    while (ask(port, "GET", "/metrics").body.find("texts_under_way 200") == std::string::npos) usleep(1000);
    kill(process, SIGTERM);
    usleep(200'000);
    kill(process, SIGTERM);
    EXPECT_EQ(parse_response(connection.read_all()).status, 503);
  });
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("ended before everything was finished"));
}

TEST_F(ServeCommand, ComesBackAfterAKill) {
  const int port = free_port();
  const std::string body = R"({"prompt": "the nurse", "temperature": 0})";
  std::string texts[2];
  for (std::string& text : texts) {
    const ProgramResult result = run({"--port", std::to_string(port)}, [&](pid_t process) {
      ASSERT_TRUE(answers(port));
      text = ask(port, "POST", "/v1/completions", body).json()["choices"][0]["text"];
      kill(process, SIGKILL);
    });
    EXPECT_EQ(result.signal, SIGKILL);
  }
  EXPECT_FALSE(texts[0].empty());
  EXPECT_EQ(texts[1], texts[0]);
}

TEST_F(ServeCommand, FitsOfAFolderAreThereAgainAfterAKill) {
  const int port = free_port();
  const std::vector<std::string> arguments{"serve", "--port", std::to_string(port), "--fits", folder_ / "fits"};
  std::string train = "a,b,kind\n";
  for (int row = 0; row < 40; ++row)
    train += fmt::format("{},{},{}\n", row * 7 % 11, row * 5 % 13, row % 2 ? "x" : "y");
  const std::string csv_type = "Content-Type: text/csv\r\n";
  std::string answers_of_runs[2];
  for (std::string& answer : answers_of_runs) {
    const bool is_first = &answer == &answers_of_runs[0];
    const auto ask_and_kill = [&](pid_t process) {
      ASSERT_TRUE(answers(port));
      if (is_first) {
        const RawResponse fit =
            ask(port, "POST", "/v1/fit?target=kind&name=kinds&ensemble=1&model=default", train, csv_type);
        ASSERT_EQ(fit.status, 200) << fit.body;
      }
      answer = ask(port, "POST", "/v1/predict?fit=kinds", "a,b\n3,4\n5,6\n", csv_type).body;
      kill(process, SIGKILL);
    };
    EXPECT_EQ(run_manyshot(arguments, {.meanwhile = ask_and_kill}).signal, SIGKILL);
  }
  EXPECT_THAT(answers_of_runs[0], HasSubstr("probabilities"));
  EXPECT_EQ(answers_of_runs[1], answers_of_runs[0]);
}

// Our own client of such servers gets from this one what the model itself says.
TEST_F(ServeCommand, IsEvaluatedAsTheModelItself) {
  std::string questions = "subject,question,A,B,C,D,answer\n";
  for (int i = 0; i < 12; ++i) {
    questions += fmt::format("jobs,Which {}?,the nurse,a cook {},clerk,caf\u00e9,{}\n", i, i, "ABCD"[i % 4]);
  }
  const std::string knowledge = folder_.write("questions.csv", questions),
                    text = folder_.write("text.txt", "the nurse works in the hospital, the clerk in a bank.\n");
  const auto ability = [&](const std::vector<std::string>& models) {
    std::vector<std::string> arguments{"evaluate", "--json",      "--quiet", "--perplexity",
                                       text,       "--knowledge", knowledge, "--models"};
    arguments.insert(arguments.end(), models.begin(), models.end());
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return nlohmann::json::parse(result.out)["general_ability"][0];
  };
  const nlohmann::json local = ability({folder_.path()});
  const int port = free_port();
  run({"--port", std::to_string(port)}, [&](pid_t process) {
    ASSERT_TRUE(answers(port));
    const nlohmann::json remote = ability(
        {"openai:tiny", "--base-url", fmt::format("http://127.0.0.1:{}/v1", port), "--endpoint-api", "completions"});
    kill(process, SIGTERM);
    EXPECT_EQ(remote["knowledge"]["answers"], local["knowledge"]["answers"]);
    EXPECT_EQ(remote["perplexity"]["nats_per_token"], local["perplexity"]["nats_per_token"]);
    EXPECT_EQ(remote["perplexity"]["tokens"], local["perplexity"]["tokens"]);
  });
}

TEST_F(ServeCommand, SaysInJsonWhereItListens) {
  const int port = free_port();
  const ProgramResult result = run({"--port", std::to_string(port), "--json"}, [&](pid_t process) {
    ASSERT_TRUE(answers(port));
    kill(process, SIGTERM);
  });
  const nlohmann::json summary = nlohmann::json::parse(result.out);
  expect_documented(summary, "serve");
  EXPECT_EQ(summary["port"], port);
}

TEST_F(ServeCommand, RefusesBadInput) {
  expect_refused({"--host", "0.0.0.0"}, "--host 0.0.0.0: others could reach this server; give --api-key-file");
  expect_refused({"--port", "70000"}, "--port: expected a whole number from 0 to 65535");
  expect_refused({"--api-key-file", folder_.write("keys", "short\n")}, "keys:1: a key needs at least 16 characters");
  expect_refused({"--chat", "llama3"}, "the model's tokenizer lacks <|start_header_id|>");
  expect_refused({"--host", "192.0.2.1", "--api-key-file", folder_.write("keys", "first-key-of-sixteen\n")},
                 "cannot listen on 192.0.2.1:8080");
  const ProgramResult compact = run_manyshot({"serve", "--model", "default"});
  EXPECT_EQ(compact.exit_code, 2);
  EXPECT_THAT(compact.err, HasSubstr("is no language model"));
}

}  // namespace
}  // namespace manyshot
