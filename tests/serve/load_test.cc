// A server with many clients, with clients that go, and one that is asked to stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "serve/served.h"

namespace manyshot::serve {
namespace {

using ::testing::HasSubstr;

// Waits for up to ten seconds.
bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

Json long_text(int num_texts) {
  return {{"prompt", "the nurse"}, {"max_tokens", 8000}, {"temperature", 0},
          {"stream", true},        {"ignore_eos", true}, {"n", num_texts}};
}

TEST(Load, ManyClientsGetWhatEachWouldGetAlone) {
  const Served served;
  constexpr size_t kClients = 32, kRequests = 32;
  std::vector<std::string> expected;
  for (size_t i = 0; i < 5; ++i) {
    expected.push_back(
        served.alone("client " + std::to_string(i), {.max_tokens = 4, .temperature = 1, .seed = i}).text);
  }
  std::atomic<size_t> good = 0;
  const auto ask_all = [&] {
    std::vector<std::jthread> clients;
    for (size_t client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        for (size_t i = 0; i < kRequests; ++i) {
          const size_t kind = (client + i) % 5;
          const Json body{{"prompt", "client " + std::to_string(kind)}, {"max_tokens", 4}, {"seed", kind}};
          const RawResponse response = served.post("/v1/completions", body);
          good += response.status == 200 && response.json()["choices"][0]["text"] == expected[kind];
        }
      });
    }
  };
  ask_all();
  [[maybe_unused]] const double memory = served.metric("memory_bytes");
  ask_all();
  EXPECT_EQ(good, 2 * kClients * kRequests);
  EXPECT_EQ(served.metric("texts_total"), 2 * kClients * kRequests);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // which keep what is freed
  EXPECT_LT(served.metric("memory_bytes"), memory + (64 << 20));
#endif
}

TEST(Load, WhatComesTooMuchIsToldToTryAgain) {
  const Served served({.most_texts = 2});
  RawConnection busy(served.service->port());
  busy.send(request_text("POST", "/v1/completions", long_text(2).dump()));
  busy.read_until("data: ");
  const RawResponse refused = served.post("/v1/completions", {{"prompt", "x"}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After: 1"));
  EXPECT_THAT(refused.message(), HasSubstr("2 texts are under way, 2 may be; try again soon"));
}

TEST(Load, ClientsThatGoEndTheirTexts) {
  const Served served;
  {
    RawConnection connection(served.service->port());
    connection.send(request_text("POST", "/v1/completions", long_text(8).dump()));
    connection.read_until("data: ");
    EXPECT_EQ(served.metric("texts_under_way"), 8);
  }
  EXPECT_TRUE(comes_true([&] { return served.metric("texts_under_way") == 0; }));
  EXPECT_EQ(served.metric("texts_cancelled_total"), 8);
  {
    Json whole = long_text(8);
    whole["stream"] = false;
    RawConnection connection(served.service->port());
    connection.send(request_text("POST", "/v1/completions", whole.dump()));
    EXPECT_TRUE(comes_true([&] { return served.metric("texts_under_way") == 8; }));
  }
  EXPECT_TRUE(comes_true([&] { return served.metric("texts_under_way") == 0; }));
  EXPECT_EQ(served.metric("texts_cancelled_total"), 16);
  EXPECT_EQ(served.post("/v1/completions", {{"prompt", "x"}}).status, 200);
}

TEST(Load, StoppingFinishesWhatIsUnderWay) {
  const Served served;
  RawConnection connection(served.service->port());
  connection.send(request_text("POST", "/v1/completions", long_text(1).dump()));
  connection.read_until("data: ");
  EXPECT_FALSE(served.service->drain(std::chrono::milliseconds(0)));
  const RawResponse refused = served.post("/v1/completions", {{"prompt", "x"}});
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.message(), "the server is stopping");
  EXPECT_EQ(served.get("/health").status, 503);
  EXPECT_TRUE(served.service->drain(std::chrono::seconds(60)));
  EXPECT_THAT(parse_response(connection.read_all()).body, HasSubstr("data: [DONE]"));
}

TEST(Load, EndingTellsThoseWhoWait) {
  Served served;
  RawConnection connection(served.service->port());
  connection.send(request_text("POST", "/v1/completions", long_text(8).dump()));
  connection.read_until("data: ");
  served.service.reset();
  const std::string body = parse_response(connection.read_all()).body;
  EXPECT_THAT(body, HasSubstr("the server is stopping"));
}

TEST(Load, RequestsThatTakeTooLongEnd) {
  const Served served({.request_timeout_s = 1});
  Json whole = long_text(64);
  whole["stream"] = false;
  const RawResponse late = served.post("/v1/completions", whole);
  EXPECT_EQ(late.status, 503);
  EXPECT_THAT(late.message(), HasSubstr("the request took longer than 1 s"));
  EXPECT_TRUE(comes_true([&] { return served.metric("texts_under_way") == 0; }));
}

}  // namespace
}  // namespace manyshot::serve
