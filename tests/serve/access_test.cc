// Who may ask.
#include "serve/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/served.h"
#include "support/error.h"

namespace manyshot::serve {
namespace {

using ::testing::HasSubstr;

int status_for(const Request& request, const std::vector<std::string>& keys) {
  const std::optional<Response> refusal = refuse_stranger(request, keys);
  return refusal ? refusal->status : 200;
}

TEST(Access, WithoutKeysThisMachineAlone) {
  for (const char* host : {"localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", ""}) {
    EXPECT_EQ(status_for({.host = host}, {}), 200) << host;
  }
  for (const char* host : {"example.com", "localhost.example.com:80", "192.168.0.1:8080", "[::2]:8080"}) {
    EXPECT_EQ(status_for({.host = host}, {}), 403) << host;
  }
  EXPECT_EQ(status_for({.host = "localhost", .origin = "http://localhost:3000"}, {}), 200);
  EXPECT_EQ(status_for({.host = "localhost", .origin = "https://example.com"}, {}), 403);
  EXPECT_EQ(status_for({.host = "localhost", .origin = "null"}, {}), 403);
}

TEST(Access, WithKeysThoseWhoHaveOne) {
  const std::vector<std::string> keys{"first-key-of-sixteen", "second-key-of-sixteen"};
  EXPECT_EQ(
      status_for({.path = "/v1/models", .host = "example.com", .authorization = "Bearer second-key-of-sixteen"}, keys),
      200);
  for (const char* authorization : {"", "Bearer ", "Bearer first-key-of-sixtee", "Bearer first-key-of-sixteem",
                                    "first-key-of-sixteen", "Basic first-key-of-sixteen"}) {
    EXPECT_EQ(status_for({.path = "/metrics", .authorization = authorization}, keys), 401) << authorization;
  }
  EXPECT_EQ(status_for({.path = "/health"}, keys), 200);
  EXPECT_EQ(status_for({.path = "/"}, keys), 200);
  EXPECT_EQ(status_for({.path = "/example.csv"}, keys), 401);
}

TEST(Access, KeysComeFromAFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_api_keys(folder.write("keys", "first-key-of-sixteen\r\n\nsecond-key-of-sixteen")),
            (std::vector<std::string>{"first-key-of-sixteen", "second-key-of-sixteen"}));
  EXPECT_ERROR(read_api_keys(folder.write("keys", "\n")), ErrorKind::kBadInput, "keys: has no key");
  EXPECT_ERROR(read_api_keys(folder.write("keys", "first-key-of-sixteen\nshort\n")), ErrorKind::kBadInput, "keys:2: ");
  EXPECT_ERROR(read_api_keys(folder.write("keys", "a key with blanks in it\n")), ErrorKind::kBadInput, "keys:1: ");
  EXPECT_ERROR(read_api_keys(folder / "none"), ErrorKind::kNotFound, "none");
  EXPECT_ERROR((ServeOptions{.host = "0.0.0.0"}.validate()), ErrorKind::kBadInput,
               "--host 0.0.0.0: others could reach this server; give --api-key-file");
}

TEST(Access, HoldsForEveryRoute) {
  const TemporaryFolder folder;
  const Served served({.api_key_file = folder.write("keys", "first-key-of-sixteen\n")});
  for (const char* path : {"/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "/v1/fit",
                           "/v1/predict", "/v1/inspect", "/v1/prompt"}) {
    EXPECT_EQ(served.post(path, {}).status, 401) << path;
    EXPECT_EQ(served.post(path, {}, "Authorization: Bearer first-key-of-sixteen\r\n").status, 400) << path;
  }
  EXPECT_EQ(served.get("/v1/models").status, 401);
  EXPECT_EQ(served.get("/metrics").status, 401);
  EXPECT_EQ(served.get("/health").status, 200);
  EXPECT_EQ(served.get("/v1/models", "Authorization: Bearer first-key-of-sixteen\r\n").status, 200);

  const Served open;
  EXPECT_EQ(open.get("/v1/models", "Host: example.com\r\n").status, 403);
  EXPECT_THAT(open.post("/v1/completions", {}, "Origin: http://example.com\r\n").message(),
              HasSubstr("pages of http://example.com may not ask this server"));
}

}  // namespace
}  // namespace manyshot::serve
